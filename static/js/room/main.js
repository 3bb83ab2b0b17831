/** The room page: what a click does, and what a message of the server changes. */

import { gettext } from "../i18n.js";
import { Announcer } from "./announce.js";
import { Connection } from "./connection.js";
import { isWeak } from "./health.js";
import { hint } from "./hints.js";
import { Hosting } from "./hosting.js";
import { Microphone, MicrophoneError } from "./microphone.js";
import { Rings } from "./rings.js";
import * as sheets from "./sheets.js";
import { EMPTY, isHost, isOnStage, othersTalk, reduce } from "./state.js";
import { Talkback } from "./talkback.js";
import { toast } from "./toasts.js";
import { closedText, hideClosed, renderClosed, renderConnection, renderRoom } from "./view.js";

const page = document.querySelector("#room").dataset;
const announcer = new Announcer(document.querySelector("[data-announcer]"));
const microphone = new Microphone(() => microphoneLost());
const connection = new Connection({
  path: page.websocket,
  audio: document.querySelector("[data-sound]"),
  expectSound: () => state !== EMPTY && othersTalk(state),
});
const talkback = new Talkback({
  command: (type, data) => connection.command(type, data),
  run,
  announce: (sentence) => announcer.say(sentence),
});
const hosting = new Hosting({ run, announce: (sentence) => announcer.say(sentence) });
const rings = new Rings(() => connection.levels());
let state = EMPTY;
let isTogglingMicrophone = false;
let hasWeakNetwork = false;

// --- what the server says ------------------------------------------------------------------

connection.addEventListener("status", ({ detail }) => {
  const before = document.body.dataset.connection;
  renderConnection(detail.connection, detail.text, detail.isSilent);
  if (before === detail.connection) return;
  if (detail.connection === "reconnecting") announcer.say(detail.text);
  if (detail.connection === "live") {
    announcer.say(before === "joining" ? gettext("You are in") : gettext("The sound is back"));
  }
});
connection.addEventListener("message", ({ detail }) => receive(detail));
connection.addEventListener("closed", ({ detail: { code, reason } }) => {
  microphone.close();
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

/** A new connection is a strong one, until the server says otherwise. */
function followNetwork({ type, data }) {
  hasWeakNetwork = type === "you.network" && isWeak(data, hasWeakNetwork);
  hint("network", hasWeakNetwork ? gettext("Your connection is weak: others may sound broken.") : "");
}

function update(message) {
  const before = state;
  state = reduce(state, message);
  announcer.follow(state);
  followMicrophone();
  const talking = renderRoom(state, before);
  if (talking) rings.follow(talking);
  sheets.renderSheets(state);
  hosting.receive(message, state, before);
  talkback.receive(message, state);
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

/** The server's word counts: off stage the device is given back, muted it sends nothing. */
function followMicrophone() {
  if (!isOnStage(state)) {
    if (microphone.track) connection.send(null);
    microphone.close();
  } else if (isTogglingMicrophone) {
    // The last word follows.
  } else if (microphone.track) {
    microphone.isHeard = !state.you.muted;
  } else if (!state.you.muted) {
    // The page was reloaded while the microphone was open: it opens again by a click only.
    microphoneLost();
  }
}

async function microphoneLost() {
  if (await run("mic.mute")) update({ type: "you.changed", data: { you: { muted: true } } });
}

async function toggleMicrophone() {
  if (state === EMPTY || !isOnStage(state) || isTogglingMicrophone) return;
  if (state.you.muted && !state.you.recording_accepted) {
    sheets.open("recording");
    return;
  }
  isTogglingMicrophone = true;
  try {
    await (state.you.muted ? unmute() : mute());
  } finally {
    isTogglingMicrophone = false;
    followMicrophone();
  }
}

async function mute() {
  microphone.isHeard = false;
  if (await run("mic.mute")) update({ type: "you.changed", data: { you: { muted: true } } });
}

async function unmute() {
  try {
    await connection.send(await microphone.open());
    microphone.isHeard = true;
  } catch (error) {
    if (!(error instanceof MicrophoneError)) throw error;
    toast(error.message, { isError: true });
    return;
  }
  if (await run("mic.unmute")) update({ type: "you.changed", data: { you: { muted: false } } });
}

async function acceptRecording() {
  sheets.close("recording");
  if (!(await run("recording.accept"))) return;
  update({ type: "you.changed", data: { you: { recording_accepted: true } } });
  await toggleMicrophone();
}

// --- coming and going ----------------------------------------------------------------------

function leaveTo(go) {
  microphone.close();
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
  ...talkback.actions,
  ...hosting.actions,
  join: () => connection.start(),
  listen: () => connection.play(),
  "take-over": () => {
    hideClosed();
    connection.start({ takeOver: true });
  },
  mic: toggleMicrophone,
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

document.addEventListener("click", (event) => {
  const action = event.target.closest("[data-action]");
  const person = event.target.closest("[data-participant]");
  if (action) ACTIONS[action.dataset.action]?.(action);
  else if (person) {
    sheets.openPerson(state, person.dataset.participant);
    hosting.personOpened(person.dataset.participant);
  }
});

document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest("input, textarea, select, [contenteditable]");
  const isPlain = !(event.ctrlKey || event.metaKey || event.altKey || event.repeat);
  if (event.key.toLowerCase() === "m" && isPlain && !isTyping) toggleMicrophone();
});

sheets.closeOnTapBeside();
renderConnection("idle", "", false);
