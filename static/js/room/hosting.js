/** Running the Space: the sheets of the host and the co-hosts, and news of who runs it. */

import { gettext } from "../i18n.js";
import { Countdown } from "./countdown.js";
import { setText } from "./dom.js";
import { hint } from "./hints.js";
import { nameOf } from "./people.js";
import * as sheets from "./sheets.js";
import { EMPTY, findPerson, isHost, leads } from "./state.js";
import { toast } from "./toasts.js";

const find = (name) => document.querySelector(`[data-${name}]`);

/** What one reads on hearing why one's own standing changed; by `why` of the protocol. */
const NEWS = {
  accepted: () => gettext("You are on stage. Turn on your microphone when you are ready."),
  declined: () => gettext("The host lowered your hand for now."),
  declined_later: () => gettext("Not now: the host asks you to raise your hand again later."),
  declined_topic: () => gettext("Your hand was lowered: it is about something else right now."),
  declined_full: () => gettext("Your hand was lowered: the stage is full."),
  declined_time: () => gettext("Your hand was lowered: there is little time left."),
  hand_cancelled: () => gettext("Who may raise a hand has changed, so yours was lowered."),
  muted: () => gettext("The host muted you."),
  demoted: () => gettext("The host sent you back to the audience."),
  cohost_made: () => gettext("You are a co-host now: you run this Space together."),
  cohost_dismissed: () => gettext("You are a speaker again, and no co-host any more."),
  successor_named: () => gettext("If the host goes, you become the host of this Space."),
  handed_over: (you) =>
    you.role === "host"
      ? gettext("You are the host of this Space now.")
      : gettext("You handed the Space over."),
};

/** What one reads when somebody declines what one invited them to be. */
const DECLINED = {
  speaker: ({ name }) => gettext("%(name)s stays in the audience for now.", { name }),
  cohost: ({ name }) => gettext("%(name)s does not want to be a co-host.", { name }),
  host: ({ name }) => gettext("%(name)s does not want to take the Space over.", { name }),
};

export class Hosting {
  #run;
  #announce;
  #state = EMPTY;
  #declining = null;
  #countdown = new Countdown(find("countdown"));

  /** `run(command, data)` carries out; `announce(sentence)` speaks to screen readers. */
  constructor({ run, announce }) {
    this.#run = run;
    this.#announce = announce;
  }

  get actions() {
    return {
      manage: () => sheets.open("manage"),
      "hand-next": () => this.#run("hand.next"),
      "hand-decline": (button) => this.#askWhy(button.dataset.person),
      "decline-because": (button) => this.#decline(button.dataset.reason),
      policy: (radio) => this.#run("policy.set", { policy: radio.value }),
      lock: () => this.#run(this.#state.room.stage_locked ? "stage.unlock" : "stage.lock"),
      "mute-all": () => this.#forAll("stage.mute", gettext("Everybody is muted.")),
      "clear-stage": () => this.#clear(),
      "invite-cohost": () => this.#onPerson("cohost.invite", gettext("The invitation is out.")),
      "dismiss-cohost": () => this.#onPerson("cohost.dismiss"),
      "hand-over": () => this.#handOver(),
      "name-successor": () => this.#onPerson("successor.name"),
      "forget-successor": () => this.#forgetSuccessor(),
      follow: () => this.#follow("participant.follow"),
      unfollow: () => this.#follow("participant.unfollow"),
    };
  }

  /** Follow a message that has already changed the state. */
  receive({ type, data }, state, before) {
    this.#state = state;
    if (type === "invitation.declined") toast(DECLINED[data.invited](data));
    const news = type === "you.changed" && NEWS[data.why];
    if (news) toast(news(state.you));
    if (before === EMPTY || before.room !== state.room) this.#countdown.follow(state);
    this.#tellOfHosts(state, before);
    this.#renderManage(state);
    this.#renderInvitation(state.you);
    this.#renderHints(state);
  }

  /** Whether one follows the person whose sheet was just opened. */
  async personOpened(id) {
    this.#renderFollowing(null);
    const person = findPerson(this.#state, id);
    if (!person?.handle || this.#state.you.is_guest || id === this.#state.you.id) return;
    const relation = await this.#run("participant.relation", { participant: id });
    if (relation && sheets.personShown() === id) this.#renderFollowing(relation.following);
  }

  /** What leaving means for the others, for the host to read. */
  leaveText() {
    const { room, stage } = this.#state;
    const here = stage.filter((person) => person.connected);
    const successor = here.find((person) => person.id === room.successor);
    if (successor) return gettext("%(name)s becomes the host.", { name: nameOf(successor) });
    if (here.some((person) => person.role === "cohost")) {
      return gettext("The co-hosts carry on without you.");
    }
    return gettext("The Space goes on for a few minutes and ends by itself if you do not come back.");
  }

  #askWhy(person) {
    this.#declining = person;
    sheets.open("decline");
  }

  async #decline(reason) {
    sheets.close("decline");
    await this.#run("hand.decline", { participant: this.#declining, reason });
  }

  async #forAll(command, done) {
    if (await this.#run(command)) toast(done);
  }

  async #clear() {
    const isSure = await sheets.confirm({
      title: gettext("Send all speakers back?"),
      text: gettext("They go back to the audience and can raise a hand again. Co-hosts stay."),
      label: gettext("Send all back"),
    });
    if (isSure) await this.#run("stage.clear");
  }

  async #onPerson(command, done) {
    const participant = sheets.personShown();
    sheets.close("person");
    if ((await this.#run(command, { participant })) && done) toast(done);
  }

  async #handOver() {
    const participant = sheets.personShown();
    const name = nameOf(findPerson(this.#state, participant));
    sheets.close("person");
    const isSure = await sheets.confirm({
      title: gettext("Hand the Space over to %(name)s?", { name }),
      text: gettext(
        "Once they accept, they are the host: they can end the Space, and the recording is theirs as well as yours.",
      ),
      label: gettext("Hand over"),
    });
    if (isSure && (await this.#run("room.hand_over", { participant }))) {
      toast(gettext("The offer is out."));
    }
  }

  async #forgetSuccessor() {
    sheets.close("person");
    await this.#run("successor.name", { participant: this.#state.you.id });
  }

  async #follow(command) {
    const participant = sheets.personShown();
    if (await this.#run(command, { participant })) {
      this.#renderFollowing(command === "participant.follow");
    }
  }

  #renderFollowing(following) {
    const [follow, unfollow] = ["follow", "unfollow"].map((name) =>
      document.querySelector(`[data-action="${name}"]`),
    );
    const hadFocus = [follow, unfollow].includes(document.activeElement);
    follow.hidden = following !== false;
    unfollow.hidden = following !== true;
    if (hadFocus && following !== null) (following ? unfollow : follow).focus();
  }

  #tellOfHosts(state, before) {
    if (before === EMPTY) return;
    const host = (stage) => stage.find((person) => person.role === "host");
    const [was, is] = [host(before.stage), host(state.stage)];
    if (was && is && was.id !== is.id && is.id !== state.you.id) {
      this.#announce(gettext("%(name)s hosts the Space now", { name: nameOf(is) }));
    }
    if (!before.room.ends_at && state.room.ends_at) {
      this.#announce(find("countdown").textContent);
    } else if (before.room.ends_at && !state.room.ends_at) {
      this.#announce(gettext("A host is here again"));
    }
    if (before.room.stage_locked !== state.room.stage_locked && !leads(state)) {
      this.#announce(
        state.room.stage_locked
          ? gettext("The hosts locked the microphones")
          : gettext("The microphones are free again"),
      );
    }
  }

  #renderManage(state) {
    const { room, stage } = state;
    if (!leads(state)) sheets.close("manage");
    for (const part of document.querySelectorAll("[data-host-only]")) part.hidden = !isHost(state);
    for (const radio of document.querySelectorAll('[data-action="policy"]')) {
      radio.checked = radio.value === room.speaker_policy;
    }
    document
      .querySelector('[data-action="lock"]')
      .setAttribute("aria-pressed", String(room.stage_locked));
    const cohosts = stage.filter((person) => person.role === "cohost");
    const successor = findPerson(state, room.successor);
    setText(
      find("cohosts"),
      gettext("Co-hosts: %(count)s of %(limit)s.", {
        count: cohosts.length,
        limit: room.cohost_limit,
      }),
    );
    setText(
      find("successor"),
      successor
        ? gettext("%(name)s becomes the host if you go.", { name: nameOf(successor) })
        : gettext("Nobody is named to become the host if you go."),
    );
    document.querySelector('[data-action="hand-next"]').hidden = state.hands.length < 2;
  }

  #renderInvitation({ invited }) {
    const [title, text, label, decline] = INVITATIONS[invited ?? "speaker"]();
    setText(document.querySelector("#invitation-title"), title);
    setText(document.querySelector("#invitation-text"), text);
    setText(document.querySelector('[data-action="accept-invitation"]'), label);
    setText(document.querySelector('[data-action="decline-invitation"]'), decline);
  }

  #renderHints(state) {
    const { you, room } = state;
    const isKeptQuiet = room.stage_locked && you.role === "speaker" && you.muted;
    hint("locked", isKeptQuiet ? gettext("The hosts keep the microphones off for now.") : "");
    const names = you.blocked_on_stage.map((id) => findPerson(state, id)).filter(Boolean).map(nameOf);
    hint(
      "blocked",
      names.length
        ? gettext("On stage is somebody you blocked: %(names)s. You can leave.", {
            names: names.join(", "),
          })
        : "",
    );
  }
}

/** Title, text and both buttons of an invitation, by what one is invited to be. */
const INVITATIONS = {
  speaker: () => [
    gettext("Come up and speak?"),
    gettext("The host invites you on stage. Your microphone stays off until you turn it on."),
    gettext("Go on stage"),
    gettext("Keep listening"),
  ],
  cohost: () => [
    gettext("Be a co-host?"),
    gettext("You would run this Space together: let people up, mute and remove. A microphone that is off stays off."),
    gettext("Be a co-host"),
    gettext("No, thanks"),
  ],
  host: () => [
    gettext("Take this Space over?"),
    gettext("You would be its host: it ends when you end it, and the recording is yours as well."),
    gettext("Be the host"),
    gettext("No, thanks"),
  ],
};
