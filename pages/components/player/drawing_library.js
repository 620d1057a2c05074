/* Plotly, loaded when somebody needs it. */

import { el } from "./page.js";

let plotly = null;

/** Load the drawing library once for the page, whoever asks first. */
export function loadPlotly(url) {
  plotly ??= new Promise((resolve, reject) => {
    if (window.Plotly) {
      resolve(window.Plotly);
      return;
    }
    const script = el("script", { src: url });
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => {
      plotly = null;
      reject(new Error("The drawing library did not load; reload the page."));
    };
    document.head.append(script);
  });
  return plotly;
}
