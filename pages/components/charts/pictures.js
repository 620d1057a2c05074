/* A chart as PNG or SVG, drawn in the browser by the Plotly that posecore serves. */

let plotly;

function loadPlotly() {
  plotly ??= new Promise((resolve, reject) => {
    if (window.Plotly) {
      resolve(window.Plotly);
      return;
    }
    const script = document.createElement("script");
    script.src = new URL(PLOTLY_PATH, document.baseURI).href;
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => {
      plotly = null;
      reject(new Error("The drawing library did not load; reload the page."));
    };
    document.head.append(script);
  });
  return plotly;
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
