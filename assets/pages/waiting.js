(function () {
  "use strict";
  var main = document.querySelector("main"), note = document.getElementById("note"), left = document.getElementById("left"), terminal = document.getElementById("terminal");
  var end = Date.now() + 5 * 60 * 1000, missed = 0, busy = false, gone = false, timer;

  function say(text) { if (note.textContent !== text) note.textContent = text; }

  function again() {
    gone = true;
    if (main.dataset.here) location.replace(main.dataset.here); else location.reload();
  }

  // Folded here, not in the HTML: without scripts the page loads again too often for anything to be unfolded.
  document.querySelectorAll(".fold").forEach(function (d) { d.open = d === terminal && main.dataset.state === "noface"; });

  function show(state) {
    main.dataset.state = state;
    document.querySelectorAll("[data-step]").forEach(function (step) {
      step.hidden = step.dataset.step.split(" ").indexOf(state) < 0;
    });
    terminal.open = state === "noface";
  }

  async function look() {
    clearTimeout(timer);
    if (busy || gone) return;
    if (Date.now() > end) {
      left.textContent = "";
      say("This page has stopped looking. Load it again to go on.");
      return;
    }
    busy = true;
    try {
      var answer = await fetch(main.dataset.status, {
        cache: "no-store", credentials: "same-origin", redirect: "error",
        signal: AbortSignal.timeout ? AbortSignal.timeout(10000) : undefined
      });
      if (answer.status >= 400 && answer.status < 500 && answer.status !== 429) return again();
      if (!answer.ok) throw new Error("status " + answer.status);
      var now = await answer.json();
      missed = 0;
      switch (now.state) {
      case "approved":
        left.textContent = "";
        gone = true; // the form goes once, even if the person comes back to this tab meanwhile
        say("Allowed. Going on…");
        document.getElementById("finish").submit();
        return;
      case "asked": case "quiet": case "noface":
        say("Waiting for an answer");
        if (now.left) left.textContent = now.left;
        if (now.state !== main.dataset.state) show(now.state);
        break;
      default:
        return again();
      }
    } catch (e) {
      if (++missed > 2) say("Postern does not answer. Still trying…");
    } finally {
      busy = false;
    }
    timer = setTimeout(look, 2000);
  }

  timer = setTimeout(look, 2000);
  // A phone stops the timers of a page that is not in front.
  document.addEventListener("visibilitychange", function () { if (!document.hidden) look(); });
  window.addEventListener("pageshow", function (e) { if (e.persisted) again(); });
})();
