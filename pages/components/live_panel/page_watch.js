// Whether the page still says of the room what is so; where it does not, it is run anew.

const SETTLES_MS = 500; // mostly it is on its way already: somebody pressed a button
const ASKED_AGAIN_MS = 5000; // longer than a run takes: one that is overtaken would never end

export function watchPage(rerun) {
  let shown = null;
  let found = null;
  let timer = null;

  function look(waitsMs = SETTLES_MS) {
    const isStale = shown !== null && found !== null && found !== shown;
    if (!isStale) clearTimeout(timer);
    if (!isStale) timer = null;
    else timer ??= setTimeout(ask, waitsMs);
  }

  function ask() {
    timer = null;
    rerun();
    look(ASKED_AGAIN_MS);
  }

  // What the page says since its last run.
  function setShown(page) {
    clearTimeout(timer);
    timer = null;
    shown = JSON.stringify(page);
    look();
  }

  // What the server says now; a line that is lost says nothing.
  function setFound(page) {
    found = page === undefined ? null : JSON.stringify(page);
    look();
  }

  return { setShown, setFound, close: () => clearTimeout(timer) };
}
