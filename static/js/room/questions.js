/** The question box: asking, voting, and what becomes of a question. */

import { gettext, ngettext } from "../i18n.js";
import { NONE, follow } from "./box.js";
import { element, icon, renderList } from "./dom.js";
import { open } from "./sheets.js";
import { toast } from "./toasts.js";

const find = (name) => document.querySelector(`[data-${name}]`);
const { report } = document.querySelector("#room").dataset;

export class Questions {
  #run;
  #announce;
  #box = NONE;
  #you = null;
  #leads = false;

  constructor({ run, announce }) {
    this.#run = run;
    this.#announce = announce;
  }

  actions = {
    questions: () => {
      open("questions");
      this.#render();
    },
    "question-vote": (button) => this.#vote(button.dataset.question),
    "question-answer": (button) => this.#settle("question.answer", button),
    "question-dismiss": (button) => this.#settle("question.dismiss", button),
    "question-withdraw": (button) => this.#withdraw(button),
  };

  receive(message, { you, leads }) {
    const before = this.#box;
    this.#box = follow(before, message);
    const isAnother = you.id !== this.#you?.id || leads !== this.#leads;
    this.#you = you;
    this.#leads = leads;
    if (this.#box === before && !isAnother) return;
    if (message.type === "questions.changed") this.#tellNews(before.questions);
    this.#render();
  }

  async submit(form) {
    const answer = await this.#run("question.ask", { text: form.elements.text.value.trim() });
    if (!answer) return;
    form.reset();
    this.#take({ type: "question.asked", data: answer });
  }

  #tellNews(before) {
    const known = new Map(before.map((question) => [question.id, question]));
    for (const { id, name, participant, answered } of this.#box.questions) {
      const isOwn = participant === this.#you.id;
      if (this.#leads && !known.has(id) && !isOwn) {
        this.#announce(gettext("New question from %(name)s", { name }));
      }
      if (isOwn && answered && known.get(id)?.answered === false) {
        toast(gettext("Your question was marked as answered."));
      }
    }
  }

  async #vote(question) {
    const isFor = !this.#box.voted.has(question);
    // At once: the count of all follows.
    this.#take({ type: "question.voted", data: { question, isFor } });
    if (await this.#run(isFor ? "question.vote" : "question.unvote", { question })) return;
    this.#take({ type: "question.voted", data: { question, isFor: !isFor } });
  }

  #settle(command, { dataset: { question } }) {
    return this.#run(command, { question });
  }

  async #withdraw(button) {
    const { question } = button.dataset;
    if (!(await this.#settle("question.withdraw", button))) return;
    const gone = { count: this.#box.count, changed: [], votes: {}, gone: [question] };
    this.#take({ type: "questions.changed", data: gone });
  }

  #take(message) {
    this.#box = follow(this.#box, message);
    this.#render();
  }

  #render() {
    const { count, questions } = this.#box;
    const badge = find("questions-count");
    badge.hidden = count === 0;
    badge.textContent = String(count);
    if (!document.querySelector('[data-sheet="questions"]').open) return;
    const list = find("questions");
    const focused = list.contains(document.activeElement) ? document.activeElement : null;
    renderList(list, questions, createQuestion, (item, question) => this.#update(item, question));
    const unseen = count - questions.filter(({ answered }) => !answered).length;
    find("questions-more").hidden = unseen <= 0;
    find("questions-more").textContent = ngettext("and %(count)s more", "and %(count)s more", unseen);
    find("questions-empty").hidden = questions.length > 0;
    // Who voted a question up stays with it, wherever it moves.
    if (focused?.isConnected && !focused.hidden) focused.focus();
    else if (focused) document.querySelector("#questions-title").focus();
  }

  #update(item, question) {
    const isOwn = question.participant === this.#you.id;
    const part = (name) => item.querySelector(`[data-action="question-${name}"]`);
    const vote = part("vote");
    const isVoted = this.#box.voted.has(question.id);
    vote.setAttribute("aria-pressed", String(isVoted));
    vote.disabled = isOwn || question.answered || this.#you.is_guest;
    item.querySelector(".question__votes").textContent = String(question.votes);
    item.querySelector(".question__answered").hidden = !question.answered;
    part("answer").hidden = !this.#leads || question.answered;
    part("dismiss").hidden = !this.#leads;
    part("withdraw").hidden = !isOwn || question.answered;
    item.querySelector(".question__report").hidden = isOwn;
  }
}

function createQuestion({ id, name, text, participant }) {
  const words = element("p", { className: "question__text", id: `question-${id}`, textContent: text });
  const button = (action, className, ...children) => {
    const made = element("button", { type: "button", className }, ...children);
    Object.assign(made.dataset, { action: `question-${action}`, question: id });
    made.setAttribute("aria-describedby", words.id);
    return made;
  };
  const hidden = (textContent) => element("span", { className: "visually-hidden", textContent });
  const vote = button(
    "vote",
    "question__vote",
    icon("up"),
    element("span", { className: "question__votes" }),
    hidden(gettext("votes: I want this answered, too")),
  );
  const flag = element(
    "a",
    {
      className: "button button--quiet question__report",
      href: `${report}?about=${encodeURIComponent(participant)}`,
      target: "_blank",
    },
    gettext("Report"),
  );
  flag.setAttribute("aria-describedby", words.id);
  return element(
    "li",
    { className: "question" },
    vote,
    element(
      "div",
      { className: "question__body" },
      words,
      element(
        "p",
        { className: "question__by" },
        element("span", { textContent: name }),
        element("span", { className: "question__answered", textContent: gettext("Answered") }),
      ),
      element(
        "p",
        { className: "question__actions" },
        button("answer", "button button--quiet", icon("check"), gettext("Mark as answered")),
        button("dismiss", "button button--quiet", gettext("Dismiss")),
        button("withdraw", "button button--quiet", gettext("Withdraw")),
        flag,
      ),
    ),
  );
}
