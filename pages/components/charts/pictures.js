/* A chart as PNG or SVG, drawn in the browser by the Plotly that posecore serves. */

/** The player's own way to the drawing library, so that a page has it once. */
async function loadPlotly() {
  const find = (name) => new URL(PLAYER_PATH + name, document.baseURI).href;
  const player = await import(find("player.js"));
  return player.loadPlotly(find("plotly.min.js"));
}

/** Called at each rerun: handlers take each other's place. */
export default function ({ data, parentElement }) {
  const status = parentElement.querySelector("[role='status']");
  for (const button of parentElement.querySelectorAll("button")) {
    button.onclick = async () => {
      button.disabled = true;
      status.textContent = "";
      try {
        const { downloadImage } = await loadPlotly();
        const { width, height } = JSON.parse(data.figure).layout;
        const format = button.dataset.format;
        const scale = format === "png" ? 2 : 1;
        await downloadImage(JSON.parse(data.figure), {
          format,
          width,
          height,
          scale,
          filename: data.fileStem,
        });
      } catch (error) {
        status.textContent = `The picture could not be made: ${error.message}`;
      } finally {
        button.disabled = false;
      }
    };
  }
}
