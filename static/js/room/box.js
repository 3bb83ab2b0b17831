/** The question box as data: a pure function from one box and one message to the next. */

export const NONE = { count: 0, questions: [], voted: new Set() };

/**
 * `message` is one of the protocol, or `question.asked` (the data of the reply) and
 * `question.voted` (`{question, isFor}`). One's own questions are in the box, however many others
 * have more votes.
 */
export function follow(box, { type, data }) {
  switch (type) {
    case "joined":
      return {
        count: data.questions.count,
        questions: sorted([...data.questions.top, ...data.your_questions.asked]),
        voted: new Set(data.your_questions.voted),
      };
    case "questions.changed":
      return { ...box, count: data.count, questions: changed(box.questions, data) };
    case "question.asked":
      return { ...box, questions: sorted([...box.questions, data.question]) };
    case "question.voted": {
      const voted = new Set(box.voted);
      if (data.isFor) voted.add(data.question);
      else voted.delete(data.question);
      return { ...box, voted };
    }
    default:
      return box;
  }
}

function changed(questions, { changed, votes, gone }) {
  const known = questions
    .filter(({ id }) => !gone.includes(id))
    .map((question) => ({ ...question, votes: votes[question.id] ?? question.votes }));
  return sorted([...known, ...changed]);
}

/** The last word about each question; the open ones first, then as the server sorts them. */
function sorted(questions) {
  const latest = new Map(questions.map((question) => [question.id, question]));
  return [...latest.values()].sort(
    (one, other) =>
      one.answered - other.answered ||
      other.votes - one.votes ||
      (one.asked_at < other.asked_at ? -1 : 1),
  );
}
