// What a search finds first: a heading with the very words, then chapters, then the API reference.
var Scorer = {
  score: ([page, , anchor, description, score]) =>
    score + (anchor && !description ? 10 : 0) - (page.startsWith("api/") ? 8 : 0),
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 0, 1: 0, 2: 0 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
