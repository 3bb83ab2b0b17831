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

/** What one may do to a person, as names of actions in the order in which they are shown. */
export function hostActions(state, person) {
  if (rank(state.you) <= rank(person) || person.id === state.you.id) return [];
  if (person.role !== "listener") {
    return [...(person.muted ? [] : ["mute"]), "demote", "remove"];
  }
  return [...(person.handle ? ["invite"] : []), "remove"];
}
