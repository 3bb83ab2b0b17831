/** What lock screens, headsets and keyboards show of the Space, and what their buttons do. */

const session = navigator.mediaSession;

/** `actions` are what buttons do, by the names of the Media Session standard. */
export function showOnLockScreen({ title, host, artwork }, actions) {
  if (!session || session.metadata) return;
  session.metadata = new MediaMetadata({ title, artist: host, album: "Spaces", artwork: [{ src: artwork }] });
  for (const [name, act] of Object.entries(actions)) {
    try {
      session.setActionHandler(name, act);
    } catch {
      // A button that this browser does not know.
    }
  }
}

export function followOnLockScreen({ isPlaying, isMuted }) {
  if (!session?.metadata) return;
  session.playbackState = isPlaying ? "playing" : "paused";
  session.setMicrophoneActive?.(!isMuted)?.catch(() => {});
}

export function leaveLockScreen() {
  if (!session) return;
  session.metadata = null;
  session.playbackState = "none";
}
