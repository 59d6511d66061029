// The text: lights up what is sung and keeps it in sight, unless the reader reads elsewhere.

class Text extends EventTarget {
  #sentences;
  #sung = null;
  #following = true;

  constructor(book, score) {
    super();
    this.#sentences = score.sentences;
    const numbers = new Map(this.#sentences.map(({ element }, number) => [element, number]));
    book.addEventListener("click", (event) => {
      const number = numbers.get(event.target.closest("span"));
      if (number === undefined || !getSelection().isCollapsed) return;
      this.dispatchEvent(new CustomEvent("choose", { detail: number }));
    });
    const elsewhere = ({ target }) => {
      if (!target.closest?.("#arc, input, select")) this.#follow(false);
    };
    for (const kind of ["wheel", "touchmove"]) addEventListener(kind, elsewhere, { passive: true });
  }

  get following() {
    return this.#following;
  }

  /** Lights up a sentence. */
  sing(number) {
    const sentence = this.#sentences[number];
    if (!sentence || sentence.element === this.#sung) return;
    this.#sung?.classList.remove("sung", "minor");
    this.#sung?.removeAttribute("aria-current");
    this.#sung = sentence.element;
    this.#sung.classList.add("sung");
    this.#sung.classList.toggle("minor", sentence.minor);
    this.#sung.setAttribute("aria-current", "true");
    if (this.#following) this.#show();
  }

  /** Brings what is sung into sight, and keeps it there. */
  follow() {
    this.#follow(true);
    this.#show();
  }

  /** Lets the reader look elsewhere. */
  let() {
    this.#follow(false);
  }

  #follow(following) {
    if (following === this.#following) return;
    this.#following = following;
    this.dispatchEvent(new Event("follow"));
  }

  #show(again = 3) {
    if (!this.#sung) return;
    const { top, bottom } = this.#sung.getBoundingClientRect();
    const desk = document.getElementById("desk").offsetHeight;
    const free = innerHeight - desk;
    if (top >= free * 0.14 && bottom <= free * 0.86) return;
    const way = top - free * 0.3;
    const near = Math.abs(way) < innerHeight * 1.5;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    scrollBy({ top: way, behavior: near && again === 3 && !still ? "smooth" : "instant" });
    // Leaves that come into sight turn out longer or shorter than was thought.
    const shown = this.#sung;
    if (!near && again) {
      requestAnimationFrame(() => shown === this.#sung && this.#following && this.#show(again - 1));
    }
  }
}
