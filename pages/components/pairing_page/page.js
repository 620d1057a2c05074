const form = document.forms[0];
const button = form.querySelector("button");
const scanned = /^#code=([A-Za-z0-9-]{1,20})$/.exec(location.hash);
// Out of the address and of the history, before anything else.
if (location.hash) history.replaceState(null, "", location.pathname + location.search);
let left = Number(form.dataset.wait);
if (left > 0) {
  button.disabled = true;
  const timer = setInterval(count, 1000);
  show();
  function count() {
    left -= 1;
    show();
    if (left <= 0) {
      clearInterval(timer);
      button.disabled = false;
    }
  }
  function show() {
    button.textContent = left > 0 ? `Pair in ${left} s` : "Pair";
  }
} else if (scanned) {
  form.code.value = scanned[1];
  form.requestSubmit();
}
