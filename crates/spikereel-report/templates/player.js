"use strict";
// All clips of a player run in step: one frame number, drawn on every canvas. Without scripts the film strips remain.
for (const player of document.querySelectorAll(".player")) {
  const n = Number(player.dataset.frames), height = Number(player.dataset.height), width = Number(player.dataset.width);
  const rate = Number(player.dataset.rate);
  const range = player.querySelector("input[type=range]"), play = player.querySelector("[data-play]");
  const speed = player.querySelector("[data-speed]"), label = player.querySelector("[data-label]");
  const phaseName = player.querySelector("[data-phase-name]"), time = player.querySelector("[data-time]");
  const phases = [...player.querySelectorAll("[data-start]")];
  const clips = [...player.querySelectorAll(".wall li")].map((item) => ({
    button: item.querySelector("button"),
    name: item.querySelector(".name").textContent,
    small: [...item.querySelectorAll("canvas")],
    sheets: [...item.querySelectorAll("img[data-sheet]")],
  }));
  const large = [...player.querySelectorAll(".stage canvas")];
  let frame = Number(range.value), chosen = 0, playing = false, last = 0, due = 0;

  const put = (canvas, sheet) => {
    if (sheet && sheet.complete && sheet.naturalWidth) {
      const context = canvas.getContext("2d");
      context.drawImage(sheet, 0, frame * height, width, height, 0, 0, width, height);
    }
  };
  const draw = () => {
    for (const clip of clips) clip.small.forEach((canvas, track) => put(canvas, clip.sheets[track]));
    large.forEach((canvas, track) => put(canvas, clips[chosen].sheets[track]));
    range.value = String(frame);
    let name = "";
    for (const phase of phases) {
      const inside = frame >= Number(phase.dataset.start) && frame < Number(phase.dataset.end);
      phase.classList.toggle("on", inside);
      if (inside) name = phase.textContent;
    }
    phaseName.textContent = name;
    time.textContent = "frame " + (frame + 1) + " of " + n + " · " + (frame / rate).toFixed(2) + " s";
    range.setAttribute("aria-valuetext", (name ? name + ", " : "") + "frame " + (frame + 1));
  };
  const choose = (idx) => {
    chosen = idx;
    clips.forEach((clip, other) => clip.button.setAttribute("aria-pressed", String(other === idx)));
    label.textContent = clips[idx].name;
    draw();
  };
  const tick = (now) => {
    if (!playing) return;
    due += Math.min(now - last, 250) / 1000 * rate * Number(speed.value);
    last = now;
    if (due >= 1) {
      frame = (frame + Math.floor(due)) % n;
      due %= 1;
      draw();
    }
    requestAnimationFrame(tick);
  };
  const setPlaying = (on) => {
    playing = on;
    play.textContent = on ? "Pause" : "Play";
    if (on) {
      last = performance.now();
      due = 0;
      requestAnimationFrame(tick);
    }
  };
  const go = (target) => {
    setPlaying(false);
    frame = ((target % n) + n) % n;
    draw();
  };
  play.addEventListener("click", () => setPlaying(!playing));
  range.addEventListener("input", () => go(Number(range.value)));
  for (const button of player.querySelectorAll("[data-step]")) {
    button.addEventListener("click", () => go(frame + Number(button.dataset.step)));
  }
  clips.forEach((clip, idx) => {
    clip.button.addEventListener("click", () => choose(idx));
    for (const sheet of clip.sheets) sheet.addEventListener("load", draw);
  });
  player.addEventListener("keydown", (event) => {
    if (event.target.matches("button, select")) return;
    if (event.key === " ") {
      event.preventDefault();
      setPlaying(!playing);
    }
  });
  choose(0);
}
// What is folded away on a screen is printed all the same.
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details")) details.open = true;
});
// The contents show where the reader is.
const links = new Map([...document.querySelectorAll(".toc a[href^='#']")].map((a) => [a.getAttribute("href").slice(1), a]));
const observer = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    for (const link of links.values()) link.removeAttribute("aria-current");
    links.get(entry.target.id)?.setAttribute("aria-current", "true");
  }
}, { rootMargin: "-15% 0px -75% 0px" });
for (const id of links.keys()) {
  const target = document.getElementById(id);
  if (target && target.id !== "main") observer.observe(target);
}
