// Filters for the findings. Without it the page shows all of them.
(() => {
  "use strict";

  const form = document.getElementById("filter");
  const open = (node) => {
    for (let each = node; each; each = each.parentElement) {
      if (each instanceof HTMLDetailsElement) each.open = true;
    }
  };
  // the height of what was never on screen is a guess, so the first jump may miss
  const reveal = (target, times) => {
    target.scrollIntoView();
    if (times) requestAnimationFrame(() => reveal(target, times - 1));
  };
  const followAddress = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target) {
      open(target);
      reveal(target, 4);
    }
  };
  addEventListener("hashchange", followAddress);
  followAddress();

  // what is folded is printed too
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("main details:not([open]):not([hidden])")];
    for (const each of opened) each.open = true;
  });
  addEventListener("afterprint", () => {
    for (const each of opened) each.open = false;
  });

  if (!form) return;

  const field = document.getElementById("text");
  const count = document.getElementById("count");
  const nothing = document.getElementById("nothing");
  const sections = [...document.querySelectorAll(".status")].map((section) => ({
    section,
    count: section.querySelector(".count"),
    causes: [...section.querySelectorAll(".cause")].map((cause) => ({
      cause,
      others: cause.querySelector(".others"),
      places: [...cause.querySelectorAll(".place")],
    })),
  }));
  const total = sections.reduce((sum, { causes }) => sum + causes.reduce((n, { places }) => n + places.length, 0), 0);

  // the text of each place is taken when it is first searched
  const texts = new WeakMap();
  const textOf = (cause, place) => {
    let known = texts.get(place);
    if (known === undefined) {
      const heading = cause.querySelector("h3").textContent;
      const advice = cause.querySelector(".help")?.textContent ?? "";
      const fingerprint = place.querySelector(".print").textContent;
      const own = place.textContent.replace(fingerprint, "");
      known = { text: `${cause.dataset.rule} ${heading} ${advice} ${own}`.toLowerCase(), fingerprint };
      texts.set(place, known);
    }
    return known;
  };
  // any two letters stand somewhere in a fingerprint, so only its beginning counts
  const has = ({ text, fingerprint }, word) => text.includes(word) || (word.length > 5 && fingerprint.startsWith(word));

  const apply = () => {
    const wanted = Object.fromEntries(new FormData(form));
    const words = wanted.text.toLowerCase().split(/\s+/).filter(Boolean);
    const narrowed = Boolean(words.length || wanted.family || wanted.rule || wanted.severity || wanted.confidence);
    let shown = 0;
    for (const { section, count: label, causes } of sections) {
      let inSection = 0;
      const offered = !wanted.status || wanted.status === section.dataset.status;
      for (const { cause, others, places } of causes) {
        const { rule, family } = cause.dataset;
        const fits = offered && (!wanted.rule || wanted.rule === rule) && (!wanted.family || wanted.family === family);
        let inCause = 0;
        for (const place of places) {
          const { severity, confidence } = place.dataset;
          const match =
            fits &&
            (!wanted.severity || wanted.severity === severity) &&
            (!wanted.confidence || wanted.confidence === confidence) &&
            (!words.length || words.every((word) => has(textOf(cause, place), word)));
          place.hidden = !match;
          inCause += match;
        }
        cause.hidden = !inCause;
        if (others) {
          others.hidden = inCause === Number(!places[0].hidden);
          if (narrowed && places[0].hidden && inCause) others.open = true;
        }
        inSection += inCause;
      }
      section.hidden = !inSection;
      label.textContent = inSection.toLocaleString("en");
      if (inSection && wanted.status && section instanceof HTMLDetailsElement) section.open = true;
      shown += inSection;
    }
    nothing.hidden = shown > 0;
    const all = total.toLocaleString("en");
    count.textContent = shown === total ? `${all} findings` : `${shown.toLocaleString("en")} of ${all} findings`;
  };

  let waiting;
  form.addEventListener("input", (event) => {
    clearTimeout(waiting);
    waiting = setTimeout(apply, event.target === field ? 120 : 0);
  });
  // the fields have their first values only after this event
  form.addEventListener("reset", () => setTimeout(apply, 0));
  form.addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, select, textarea");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      field.focus();
    }
  });

  form.hidden = false;
  apply();
})();
