/**
 * What the page knows of the room: a pure function from one state and one message to the next.
 *
 * The state is the data of the reply to `join` (docs/websocket.md); `null` before that.
 */

export const EMPTY = null;

/** `message` is `{type, data}`: an event of the protocol, or `joined` with the reply to `join`. */
export function reduce(state, { type, data = {} }) {
  if (type === "joined") return { ...data };
  if (state === null) return state;
  switch (type) {
    case "room.changed":
      return { ...state, room: data.room, now: data.now };
    case "stage.changed":
      return { ...state, stage: data.stage, you: youOnStage(state.you, data.stage) };
    case "audience.changed":
      return { ...state, audience: { ...state.audience, ...data.audience } };
    case "hand.raised":
    case "hand.lowered":
      return { ...state, hands: data.hands };
    case "speaking.changed":
      return { ...state, speaking: data.speaking };
    case "you.changed":
      return withoutSecrets({ ...state, you: { ...state.you, ...data.you } });
    default:
      return state;
  }
}

/** Whoever does not run the Space any more is told nothing of hands from now on. */
function withoutSecrets(state) {
  return leads(state) ? state : { ...state, hands: [] };
}

/** The stage is also news about oneself: up, down, muted. */
function youOnStage(you, stage) {
  const self = stage.find((person) => person.id === you.id);
  if (self) return { ...you, ...self };
  return you.role === "listener" ? you : { ...you, role: "listener", muted: true };
}

export const isHost = (state) => state.you.role === "host";

/** Whether one runs the Space: as its host, or with the host. */
export const leads = (state) => rank(state.you) > 0;

const rank = ({ role }) => ["cohost", "host"].indexOf(role) + 1;

export const isOnStage = (state) => state.you.role !== "listener";

/** The person with this id as far as the page knows them, else `undefined`. */
export function findPerson(state, id) {
  return [...state.stage, ...state.hands, ...state.audience.sample].find(
    (person) => person.id === id,
  );
}

/** Whether somebody else is talking, so that sound must be arriving here. */
export function othersTalk(state) {
  return state.speaking.some((id) => id !== state.you.id);
}

/** Everything that those who run the Space may do to somebody, as names of actions. */
export const HOST_ACTIONS = [
  "invite",
  "mute",
  "invite-cohost",
  "dismiss-cohost",
  "name-successor",
  "forget-successor",
  "hand-over",
  "demote",
  "remove",
];

/** Which of these one may do to a person. */
export function hostActions(state, person) {
  if (rank(state.you) <= rank(person) || person.id === state.you.id) return [];
  const may = {
    invite: person.role === "listener" && person.handle,
    mute: person.role !== "listener" && !person.muted,
    demote: person.role !== "listener",
    remove: true,
    ...(isHost(state) && whatHostsMay(state, person)),
  };
  return HOST_ACTIONS.filter((name) => may[name]);
}

function whatHostsMay({ stage, room }, person) {
  const cohosts = stage.filter(({ role }) => role === "cohost").length;
  const isSuccessor = room.successor === person.id;
  const isOnStage = person.role !== "listener";
  return {
    "invite-cohost": person.role !== "cohost" && person.handle && cohosts < room.cohost_limit,
    "dismiss-cohost": person.role === "cohost",
    "name-successor": isOnStage && !isSuccessor,
    "forget-successor": isOnStage && isSuccessor,
    "hand-over": isOnStage,
  };
}
