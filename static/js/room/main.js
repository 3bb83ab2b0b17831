/** The room page: what a click does, and what a message of the server changes. */

import { gettext } from "../i18n.js";
import { Announcer } from "./announce.js";
import { Connection } from "./connection.js";
import { isWeak } from "./health.js";
import { hint } from "./hints.js";
import { Hosting } from "./hosting.js";
import { whenTapped } from "./join.js";
import { followLobby } from "./lobby.js";
import { followOnLockScreen, leaveLockScreen, showOnLockScreen } from "./media-session.js";
import { Rings } from "./rings.js";
import * as sheets from "./sheets.js";
import { listenToKeys } from "./shortcuts.js";
import { EMPTY, isHost, othersTalk, reduce } from "./state.js";
import { toast } from "./toasts.js";
import { closedText, hideClosed, renderClosed, renderConnection, renderRoom } from "./view.js";
import { Voice } from "./voice.js";
import { offerWakeLock } from "./wake.js";

const page = document.querySelector("#room").dataset;
const announcer = new Announcer(document.querySelector("[data-announcer]"));
const connection = new Connection({
  path: page.websocket,
  audio: document.querySelector("[data-sound]"),
  expectSound: () => state !== EMPTY && othersTalk(state),
});
const hosting = new Hosting({ run, announce: (sentence) => announcer.say(sentence) });
const voice = new Voice({
  connection,
  run,
  told: (you) => update({ type: "you.changed", data: { you } }),
  askConsent: () => sheets.open("recording"),
});
/** For those who come on stage, and loaded for them alone. */
let microphoneCheck = null;
const checkMicrophone = () =>
  (microphoneCheck ??= import("./microphone-check.js").then(
    ({ MicrophoneCheck }) => new MicrophoneCheck(voice),
  ));
/** What one can do besides listening and talking: loaded while people look at the lobby. */
const talkback = import("./talkback.js").then(({ Talkback }) => {
  const part = new Talkback({
    command: (type, data) => connection.command(type, data),
    run,
    announce: (sentence) => announcer.say(sentence),
  });
  Object.assign(ACTIONS, part.actions);
  return part;
});
const rings = new Rings(() => connection.levels());
let state = EMPTY;
let hasWeakNetwork = false;

// --- what the server says ------------------------------------------------------------------

connection.addEventListener("status", ({ detail }) => {
  const before = document.body.dataset.connection;
  renderConnection(detail.connection, detail.text, detail.isSilent);
  if (detail.connection === "live") showOnLockScreen(page, LOCK_SCREEN);
  followLockScreen();
  if (before === detail.connection) return;
  if (detail.connection === "reconnecting") announcer.say(detail.text);
  if (detail.connection === "live") {
    announcer.say(before === "joining" ? gettext("You are in") : gettext("The sound is back"));
  }
});
connection.addEventListener("message", ({ detail }) => receive(detail));
connection.addEventListener("closed", ({ detail: { code, reason } }) => {
  voice.close();
  leaveLockScreen();
  if (code === 4410 || code === 4404) location.reload();
  else renderClosed(closedText(code, reason));
});
connection.addEventListener("elsewhere", async () => {
  const isSure = await sheets.confirm({
    title: gettext("You are already here"),
    text: gettext("You are in this Space in another tab or device, which falls silent when you move here."),
    label: gettext("Move here"),
    isHarmless: true,
  });
  if (isSure) connection.start({ takeOver: true });
});

function receive(message) {
  if (message.type === "room.ended") {
    leaveTo(() => location.reload());
    return;
  }
  if (message.type === "recording.failed") {
    toast(gettext("The recording has stopped. People still hear each other."), { isError: true });
  }
  if (message.type === "you.network" || message.type === "joined") followNetwork(message);
  if (message.type === "recording.resumed") toast(gettext("The Space is recorded again."));
  update(message);
}

const LOCK_SCREEN = {
  play: () => connection.play(),
  pause: () => connection.pause(),
  stop: () => leave(),
  hangup: () => leave(),
  togglemicrophone: () => voice.toggle(),
};

function followLockScreen() {
  followOnLockScreen({ isPlaying: connection.isPlaying, isMuted: state?.you.muted ?? true });
}

/** A new connection is a strong one, until the server says otherwise. */
function followNetwork({ type, data }) {
  hasWeakNetwork = type === "you.network" && isWeak(data, hasWeakNetwork);
  hint("network", hasWeakNetwork ? gettext("Your connection is weak: others may sound broken.") : "");
}

function update(message) {
  const before = state;
  state = reduce(state, message);
  announcer.follow(state);
  voice.follow(state);
  followLockScreen();
  const talking = renderRoom(state, before);
  if (talking) rings.follow(talking);
  sheets.renderSheets(state);
  hosting.receive(message, state, before);
  const after = state;
  talkback.then((part) => part.receive(message, after));
  if (state.you.invited && !before?.you.invited) sheets.open("invitation");
  if (!state.you.invited) sheets.close("invitation");
}

/** Run a command and say what went wrong; resolves with the data of its reply, or `false`. */
async function run(command, data) {
  try {
    return await connection.command(command, data);
  } catch (error) {
    if (connection.isClosed) return false;
    const text = error.message || gettext("There is no connection right now. Try again in a moment.");
    toast(text, { isError: true });
    return false;
  }
}

// --- the microphone ------------------------------------------------------------------------

async function acceptRecording() {
  sheets.close("recording");
  if (!(await run("recording.accept"))) return;
  update({ type: "you.changed", data: { you: { recording_accepted: true } } });
  await voice.want(true);
}

// --- coming and going ----------------------------------------------------------------------

function leaveTo(go) {
  voice.close();
  connection.stop();
  go();
}

async function leave() {
  const isSure =
    !isHost(state) ||
    (await sheets.confirm({
      title: gettext("Leave without ending?"),
      text: hosting.leaveText(),
      label: gettext("Leave"),
    }));
  if (!isSure) return;
  await connection.command("leave").catch(() => {});
  leaveTo(() => location.assign(page.home));
}

async function end() {
  const isSure = await sheets.confirm({
    title: gettext("End the Space for everybody?"),
    text: gettext("Nobody can talk or listen any more. The recording is then made ready on this page."),
    label: gettext("End the Space"),
  });
  if (isSure) await run("room.end");
}

async function share() {
  const url = location.href;
  try {
    if (navigator.share) await navigator.share({ title: document.title, url });
    else {
      await navigator.clipboard.writeText(url);
      toast(gettext("The link is copied."));
    }
  } catch (error) {
    if (error.name !== "AbortError") toast(url);
  }
}

// --- what the host does to people ------------------------------------------------------------

async function actOnPerson(command) {
  const participant = sheets.personShown();
  sheets.close("person");
  await run(command, { participant });
}

async function remove() {
  const participant = sheets.personShown();
  sheets.close("person");
  const isSure = await sheets.confirm({
    title: gettext("Remove this person?"),
    text: gettext("They hear nothing more and cannot come back to this Space."),
    label: gettext("Remove"),
  });
  if (isSure) await run("participant.remove", { participant });
}

const answerHand = (command) => (button) => run(command, { participant: button.dataset.person });

async function answerInvitation(command) {
  sheets.close("invitation");
  await run(command);
}

// --- clicks and keys -----------------------------------------------------------------------

const ACTIONS = {
  ...hosting.actions,
  listen: () => connection.play(),
  "take-over": () => {
    hideClosed();
    connection.start({ takeOver: true });
  },
  mic: () => voice.toggle(),
  settings: () => sheets.open("settings"),
  shortcuts: () => sheets.open("shortcuts"),
  "microphone-check": async () => (await checkMicrophone()).open(),
  "microphone-hear": async () => (await checkMicrophone()).hear(),
  "hand-raise": () => run("hand.raise"),
  "hand-lower": () => run("hand.lower"),
  "step-down": () => run("stage.leave"),
  hands: () => sheets.open("hands"),
  "hand-accept": answerHand("hand.accept"),
  invite: () => actOnPerson("speaker.invite"),
  mute: () => actOnPerson("participant.mute"),
  demote: () => actOnPerson("participant.demote"),
  remove,
  leave,
  end,
  share,
  close: (button) => button.closest("dialog").close(),
  "accept-recording": acceptRecording,
  "accept-invitation": () => answerInvitation("invitation.accept"),
  "decline-invitation": () => answerInvitation("invitation.decline"),
};

document.addEventListener("click", async (event) => {
  const action = event.target.closest("[data-action]");
  const person = event.target.closest("[data-participant]");
  if (action) {
    // What is still being loaded answers a tap too, as soon as it is there.
    if (!(action.dataset.action in ACTIONS)) await talkback;
    ACTIONS[action.dataset.action]?.(action);
  } else if (person) {
    sheets.openPerson(state, person.dataset.participant);
    hosting.personOpened(person.dataset.participant);
  }
});

listenToKeys({ voice, list: () => sheets.open("shortcuts") });
offerWakeLock();
sheets.closeOnTapBeside();
followLobby();
whenTapped(() => connection.start());
