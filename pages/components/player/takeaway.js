/* Taking away what is seen: a picture, a clip, the whole replay as one file, a link. */

import { SIDE_COLOURS, SIDE_LETTERS, button, createMenu, el, formatTime, setText } from "./page.js";

const SCALE = 2;

/** The menu. `source` has the skeleton, the video or null, the clock, the view, a title, a file
 * name, a link to copy, and the addresses of clips and of the file; null where there is none. */
export function createTakeaway(source, signal) {
  const status = el("p", { class: "pc-quiet", role: "status" });
  const say = (text) => setText(status, text);
  const box = el("div", { class: "pc-choices pc-takeaway" });
  const add = (text, title, action) => {
    const run = async () => {
      try {
        say("");
        await action();
      } catch (error) {
        say(error.message);
      }
    };
    box.append(button(text, { title }, run, signal));
  };
  add("Picture (PNG)", "What you see now, as a picture", () => savePicture(source));
  for (const format of ["png", "svg"]) {
    const text = `Charts (${format.toUpperCase()})`;
    add(text, "The charts as you see them, with their ranges", () => saveCharts(source, format));
  }
  if (source.clipUrl && source.duration_s) addClips(add, source, box, say);
  if (source.pageUrl) {
    const text = "One file that replays this session in any browser, without a network";
    add("Replay as a file (HTML)", text, () => saveAnswer(source.pageUrl, `${source.name}.html`, say));
  }
  if (source.link) add("Copy link", "A link to this moment", () => copyLink(source.link(), say));
  box.append(status);
  return createMenu("Save", { title: "Picture, clip, file, link" }, box, signal);
}

function addClips(add, source, box, say) {
  const choice = el("input", { type: "checkbox" });
  const save = (format) => {
    const url = new URL(source.clipUrl);
    const { azimuth, elevation, zoom, isEye } = source.skeleton.view;
    const [from, to] = source.clock.loop ?? [0, source.duration_s];
    const wanted = { format, from, to, azimuth, elevation, zoom, speed: source.clock.speed };
    for (const [name, value] of Object.entries(wanted)) url.searchParams.set(name, value);
    if (isEye) url.searchParams.set("eyes", "1");
    if (choice.checked) url.searchParams.set("video", "1");
    if (source.isDark()) url.searchParams.set("dark", "1");
    return saveAnswer(url.href, `${source.name}.${format}`, say);
  };
  add("Clip (MP4)", "At most 2 minutes, from where you look", () => save("mp4"));
  add("Clip (GIF)", "At most 20 seconds, from where you look", () => save("gif"));
  const part = "Clips go from A to B (2 min as MP4, 20 s as GIF) and show no trails.";
  box.append(el("p", { class: "pc-quiet" }, part));
  if (source.video) box.append(el("label", {}, choice, "Clips show the video with the skeleton"));
}

/** Fetch what the server makes, say so meanwhile, and keep it as a file. */
async function saveAnswer(url, name, say) {
  say("Making it ...");
  let answer;
  try {
    answer = await fetch(url);
  } catch {
    throw new Error("The dashboard does not answer. See whether it still runs, then try again.");
  }
  if (!answer.ok) throw new Error(await answer.text());
  saveBlob(await answer.blob(), name);
  say("Saved with your downloads.");
}

function saveBlob(blob, name) {
  const url = URL.createObjectURL(blob);
  el("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

async function copyLink(link, say) {
  try {
    await navigator.clipboard.writeText(link);
  } catch {
    copyBySelecting(link); // the clipboard is closed to pages that are not on https or localhost
  }
  say("The link is copied.");
}

function copyBySelecting(text) {
  const area = el("textarea", { style: "position: fixed; opacity: 0" });
  area.value = text;
  document.body.append(area);
  area.select();
  const isCopied = document.execCommand("copy");
  area.remove();
  if (!isCopied) throw new Error(`Copy it yourself: ${text}`);
}

async function saveCharts({ charts, name }, format) {
  const picture = await charts.picture(format);
  el("a", { href: picture, download: `${name}_charts.${format}` }).click();
}

async function savePicture({ root, skeleton, video, clock, title, name }) {
  const style = getComputedStyle(root);
  const panel = style.getPropertyValue("--pc-panel") || "#fff";
  const { scene, ground, width, height } = await skeleton.picture();
  const shown = video?.picture;
  const canvas = el("canvas", { width: (shown ? 2 : 1) * width * SCALE, height: (height + 32) * SCALE });
  const context = canvas.getContext("2d");
  context.scale(SCALE, SCALE);
  context.fillStyle = panel;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.strokeStyle = style.getPropertyValue("--pc-line");
  context.stroke(new Path2D(ground));
  const image = new Image();
  image.src = scene;
  await image.decode();
  context.drawImage(image, 0, 0, width, height);
  drawTags(context, root);
  drawLabel(context, root);
  if (shown) drawVideo(context, shown, width, height);
  context.fillStyle = style.color;
  context.font = "600 14px system-ui, sans-serif";
  context.fillText(`${title}  ${formatTime(clock.time_s)}`, 12, height + 21);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  saveBlob(blob, `${name}_${formatTime(clock.time_s).replace(":", "m")}s.png`);
}

function drawTags(context, root) {
  const box = root.querySelector(".pc-scene").getBoundingClientRect();
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (const tag of root.querySelectorAll(".pc-scene > .pc-tag")) {
    const { left, top, width, height } = tag.getBoundingClientRect();
    const side = tag.classList.contains("pc-left") ? "left" : "right";
    const [x, y] = [left - box.left + width / 2, top - box.top + height / 2];
    context.fillStyle = SIDE_COLOURS[side];
    context.beginPath();
    context.roundRect(x - width / 2, y - height / 2, width, height, side === "left" ? 99 : 3);
    context.fill();
    context.fillStyle = "#fff";
    context.font = "700 11px system-ui, sans-serif";
    context.fillText(SIDE_LETTERS[side], x, y);
  }
  context.textAlign = "left";
  context.textBaseline = "alphabetic";
}

/** The number at the joint whose angle is drawn. */
function drawLabel(context, root) {
  const label = root.querySelector(".pc-angle-label");
  if (!label.textContent) return;
  const box = root.querySelector(".pc-scene").getBoundingClientRect();
  const { left, bottom } = label.getBoundingClientRect();
  context.fillStyle = getComputedStyle(root).color;
  context.font = "700 14px system-ui, sans-serif";
  context.fillText(label.textContent, left - box.left + 5, bottom - box.top - 6);
}

function drawVideo(context, { video, canvas }, width, height) {
  // The lines cover the whole pane, the video what of it its shape fills: both keep their places.
  const { clientWidth, clientHeight } = canvas;
  const pane = Math.min(width / clientWidth, height / clientHeight);
  const fit = Math.min(clientWidth / video.videoWidth, clientHeight / video.videoHeight) * pane;
  const drawCentred = (image, w, h) =>
    context.drawImage(image, width + (width - w) / 2, (height - h) / 2, w, h);
  drawCentred(video, video.videoWidth * fit, video.videoHeight * fit);
  drawCentred(canvas, clientWidth * pane, clientHeight * pane);
}
