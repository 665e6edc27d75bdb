// Draws the charts of a page and folds its code away. Without it the page still reads: every chart has its data as a table.
const font = getComputedStyle(document.body).fontFamily;

async function draw(plot) {
  const spec = JSON.parse(plot.parentElement.querySelector('script[type="application/json"]').textContent);
  const isWide = plot.closest(".lr-figure").classList.contains("lr-figure-wide");
  if (!isWide) {
    spec.width = "container";
    spec.autosize = { type: "fit-x", contains: "padding" };
    delete spec.config?.autosize;
  }
  spec.background = null;
  const { view } = await globalThis.vegaEmbed(plot, spec, {
    actions: false,
    ast: true, // expressions are interpreted, so that the page's content policy can forbid code made from text
    config: { font },
    defaultStyle: false,
    logLevel: 1, // errors
    renderer: "svg",
    tooltip: { disableDefaultStyle: true },
  });
  plot.querySelector("svg").setAttribute("aria-hidden", "true"); // the plot itself carries the description
  return { plot, view, isWide };
}

function fit({ plot, view, isWide }, width) {
  if (!isWide) view.width(width ?? plot.clientWidth).run();
}

const plots = [...document.querySelectorAll(".lr-plot")];
const drawn = [];
for (const plot of plots) {
  try {
    drawn.push(await draw(plot));
  } catch (error) {
    plot.textContent = String(error);
    plot.classList.add("lr-plot-failed");
  }
}
document.documentElement.dataset.drawn = `${drawn.length}/${plots.length}`;

const paper = 660; // CSS pixels between the margins of A4
addEventListener("beforeprint", () => drawn.forEach((chart) => fit(chart, Math.min(paper, chart.plot.clientWidth))));
addEventListener("afterprint", () => drawn.forEach((chart) => fit(chart)));

const toggle = document.getElementById("code-toggle");
if (toggle) {
  const folds = [...document.querySelectorAll("details.lr-code")];
  toggle.hidden = folds.length === 0;
  toggle.addEventListener("click", () => {
    const isShown = toggle.getAttribute("aria-pressed") !== "true";
    toggle.setAttribute("aria-pressed", String(isShown));
    folds.forEach((fold) => (fold.open = isShown));
  });
}
