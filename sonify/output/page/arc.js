// The arc: the valence of the whole book, smoothed, over its time. Major is filled, minor hatched.

/** Sets a canvas to its place's size in device pixels; gives its context, scaled to CSS pixels. */
function sized(canvas) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const scale = devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
  }
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}

/** The page's colours, by the names they have in its style. */
function colours() {
  const style = getComputedStyle(document.documentElement);
  const names = ["paper", "desk", "ink", "faint", "line", "major", "minor", "chord"];
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}

const HATCH = 5; // CSS pixels

function hatching(colour) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = Math.round(HATCH * (devicePixelRatio || 1));
  const context = tile.getContext("2d");
  context.scale(tile.width / HATCH, tile.width / HATCH);
  context.strokeStyle = colour;
  context.lineWidth = 1.9;
  for (const shift of [-HATCH, 0, HATCH]) {
    context.beginPath();
    context.moveTo(shift - 1, HATCH + 1);
    context.lineTo(shift + HATCH + 1, -1);
    context.stroke();
  }
  return tile;
}

class Arc {
  #element;
  #head;
  #score;

  /** `position` tells where the music is; `seek` is called with a position that was chosen. */
  constructor(element, score, position, seek) {
    this.#element = element;
    this.#head = element.querySelector("i");
    this.#score = score;
    const choose = (event) => {
      const { left, width } = element.getBoundingClientRect();
      seek((Math.max(0, Math.min(1, (event.clientX - left) / width))) * score.duration);
    };
    element.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      element.setPointerCapture(event.pointerId);
      choose(event);
    });
    element.addEventListener("pointermove", (event) => {
      if (element.hasPointerCapture(event.pointerId)) choose(event);
    });
    element.addEventListener("keydown", (event) => {
      if (modified(event)) return;
      const now = position();
      const chapter = score.chapterAt(now + 0.01);
      const steps = {
        ArrowLeft: now - 5, ArrowDown: now - 5, ArrowRight: now + 5, ArrowUp: now + 5,
        PageDown: score.chapters[chapter - 1]?.start ?? 0,
        PageUp: score.chapters[chapter + 1]?.start ?? score.duration,
        Home: 0, End: score.duration,
      };
      if (!(event.key in steps)) return;
      event.preventDefault();
      event.stopPropagation();
      seek(steps[event.key]);
    });
  }

  /** Moves the play head, and says where it is. */
  show(position, words) {
    const share = this.#score.duration ? position / this.#score.duration : 0;
    this.#head.style.left = `${(share * 100).toFixed(3)}%`;
    if (this.#element.getAttribute("aria-valuetext") === words) return; // it changes each second
    this.#element.setAttribute("aria-valuenow", position.toFixed(1));
    this.#element.setAttribute("aria-valuetext", words);
  }

  draw() {
    const { context, width, height } = sized(this.#element.querySelector("canvas"));
    if (!width) return;
    const { duration, phrases, chapters } = this.#score;
    const { line, major, minor } = colours();
    const middle = height / 2, x = (time) => (time / duration) * width;

    context.fillStyle = line;
    for (const chapter of chapters.slice(1)) context.fillRect(Math.round(x(chapter.start)), 0, 1, height);
    context.fillRect(0, Math.round(middle), width, 1);

    const heights = this.#smoothed(Math.round(width));
    const most = Math.max(0.2, ...heights.map(Math.abs));
    const curve = new Path2D();
    curve.moveTo(0, middle);
    heights.forEach((value, column) => curve.lineTo(column + 0.5, middle - (value / most) * (middle - 3)));
    curve.lineTo(width, middle);
    curve.closePath();
    const tile = hatching(minor), hatched = context.createPattern(tile, "repeat");
    hatched.setTransform(new DOMMatrix().scale(HATCH / tile.width));
    for (const [isMinor, colour, fill] of [[false, major, major], [true, minor, hatched]]) {
      context.save();
      context.beginPath();
      for (const phrase of phrases) {
        if (phrase.minor === isMinor) context.rect(x(phrase.start), 0, x(phrase.end) - x(phrase.start) + 0.3, height);
      }
      context.clip();
      context.fillStyle = fill;
      context.fill(curve);
      context.strokeStyle = colour;
      context.lineWidth = 1.5;
      context.stroke(curve);
      context.restore();
    }
  }

  /** The valence at each of so many columns: a Gaussian mean over a fiftieth of the book. */
  #smoothed(columns) {
    const { sentences, duration } = this.#score;
    const weights = new Float64Array(columns), sums = new Float64Array(columns);
    for (const { start, end, valence } of sentences) {
      const first = Math.floor((start / duration) * columns);
      const last = Math.min(columns - 1, Math.max(first, Math.ceil((end / duration) * columns) - 1));
      for (let column = first; column <= last; column++) {
        weights[column] += (end - start) / (last - first + 1);
        sums[column] += (valence * (end - start)) / (last - first + 1);
      }
    }
    const spread = Math.max(3, columns / 100, columns / sentences.length / 2);
    const reach = Math.ceil(3 * spread);
    const bell = Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp(-(((i - reach) / spread) ** 2) / 2));
    return Array.from({ length: columns }, (_, column) => {
      let weight = 1e-9, sum = 0;
      for (let i = -reach; i <= reach; i++) {
        weight += bell[i + reach] * (weights[column + i] ?? 0);
        sum += bell[i + reach] * (sums[column + i] ?? 0);
      }
      return sum / weight;
    });
  }
}
