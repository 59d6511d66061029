// The piano roll: the seconds around now. Notes of major are filled, of minor hollow.

class Roll {
  #canvas;
  #score;
  #key;
  #low;
  #high;

  static SCALE = 90; // pixels a second

  /** `key` names the key of a mode. */
  constructor(element, score, key) {
    this.#canvas = element.querySelector("canvas");
    this.#score = score;
    this.#key = key;
    const step = Math.ceil(score.phrases.length / 200);
    const pitches = [];
    for (let index = 0; index < score.phrases.length; index += step) {
      for (const note of score.notes(index)) pitches.push(note.pitch);
    }
    this.#low = pitches.reduce((low, pitch) => Math.min(low, pitch), 60) - 2;
    this.#high = pitches.reduce((high, pitch) => Math.max(high, pitch), 72) + 2;
  }

  draw(position, palette) {
    const { context, width, height } = sized(this.#canvas);
    if (!width) return;
    const { phrases } = this.#score;
    const { ink, faint, line, major, minor, chord, desk } = palette;
    const top = 17, row = (height - top) / (this.#high - this.#low);
    const seconds = Math.max(6, Math.min(12, width / Roll.SCALE));
    const begin = position - seconds / 4, end = begin + seconds;
    const x = (time) => ((time - begin) / (end - begin)) * width;
    const y = (pitch) => top + (this.#high - pitch) * row;
    const thick = Math.max(4, Math.min(8, row * 1.5));
    const font = getComputedStyle(this.#canvas).fontFamily;

    let label = -Infinity;
    for (let index = this.#score.phraseAt(begin); index < phrases.length; index++) {
      const phrase = phrases[index];
      if (phrase.start > end) break;
      const colour = phrase.minor ? minor : major;
      const left = x(phrase.start), right = x(phrase.end);

      context.fillStyle = line;
      context.fillRect(Math.round(left), top, 1, height - top);
      context.strokeStyle = colour;
      context.lineWidth = 2.5;
      context.setLineDash(phrase.minor ? [2.5, 2.5] : []);
      context.beginPath();
      context.moveTo(left, top - 2);
      context.lineTo(right, top - 2);
      context.stroke();
      context.setLineDash([]);
      const place = Math.max(left, 0);
      if (place >= label) {
        context.font = `600 11px ${font}`;
        context.fillStyle = faint;
        const name = this.#key(phrase.minor);
        const turned = index === 0 || phrases[index - 1].minor !== phrase.minor;
        if ((turned || left <= 0) && right - place > 20) {
          context.fillText(name, place + (left > 0 ? 0 : 1), 10);
          label = place + context.measureText(name).width + 12;
        }
      }

      for (const note of this.#score.notes(index)) {
        const noteEnd = note.start + note.duration;
        if (noteEnd < begin || note.start > end) continue;
        const sounding = note.start <= position && position < noteEnd;
        const from = x(note.start) + 0.5, length = Math.max(3, x(noteEnd) - x(note.start) - 1);
        const size = note.melody ? thick : Math.max(2.5, thick / 2);
        context.globalAlpha = sounding ? 1 : noteEnd <= position ? 0.4 : note.melody ? 0.85 : 0.7;
        context.beginPath();
        context.roundRect(from, y(note.pitch) - size / 2, length, size, size / 2);
        if (!note.melody) {
          context.fillStyle = chord;
          context.fill();
        } else if (phrase.minor) {
          context.fillStyle = sounding ? colour : desk;
          context.fill();
          context.strokeStyle = colour;
          context.lineWidth = 1.5;
          context.stroke();
        } else {
          context.fillStyle = colour;
          context.fill();
        }
        if (sounding && note.melody) {
          context.strokeStyle = ink;
          context.lineWidth = 1.5;
          context.stroke();
        }
      }
      context.globalAlpha = 1;
    }
    context.fillStyle = ink;
    context.fillRect(Math.round(x(position)), top - 6, 1.5, height - top + 6);
  }
}
