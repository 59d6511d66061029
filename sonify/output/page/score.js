"use strict";

// The music as it stands in the page. All times here are seconds from the beginning of the book.

/** The last index of an ordered list at which `key` is at most `value`; 0 if it is at none. */
function lastAtMost(list, value, key) {
  let low = 0, high = list.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (key(list[middle]) <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}

class Score {
  #decoded = new Map();

  constructor(data, book) {
    this.tonic = data.tonic;
    this.emotions = data.emotions;
    this.phrases = [];
    this.sentences = [];
    this.chapters = [];
    const sections = book.querySelectorAll("section");
    const spans = book.querySelectorAll("section span");
    let chapter = null;
    for (const [number, start, duration, minor, sung, melody, chords] of data.phrases) {
      if (number !== chapter) {
        chapter = number;
        const title = sections[this.chapters.length].querySelector("h2")?.textContent ?? "";
        this.chapters.push({ title, start: start / 1000, sentence: this.sentences.length });
      }
      const phrase = {
        start: start / 1000, end: (start + duration) / 1000, minor: Boolean(minor),
        chapter: this.chapters.length - 1, melody, chords,
      };
      this.phrases.push(phrase);
      sung.forEach(([offset, valence, intensity, emotion], index) => {
        const until = index + 1 < sung.length ? sung[index + 1][0] : duration;
        this.sentences.push({
          start: (start + offset) / 1000, end: (start + until) / 1000,
          valence: valence / 100, intensity: intensity / 100, emotion,
          chapter: phrase.chapter, minor: phrase.minor, element: spans[this.sentences.length],
        });
      });
    }
    this.duration = this.phrases.at(-1)?.end ?? 0;
  }

  phraseAt(time) {
    return lastAtMost(this.phrases, time, (phrase) => phrase.start);
  }

  /** The index of the sentence that is sung, or that was sung last. */
  sentenceAt(time) {
    return lastAtMost(this.sentences, time, (sentence) => sentence.start);
  }

  chapterAt(time) {
    return lastAtMost(this.chapters, time, (chapter) => chapter.start);
  }

  /** The notes of a phrase, in order of their start: melody and chords together. */
  notes(index) {
    let notes = this.#decoded.get(index);
    if (!notes) {
      const phrase = this.phrases[index];
      notes = [...unpack(phrase, phrase.melody, true), ...unpack(phrase, phrase.chords, false)];
      notes.sort((one, other) => one.start - other.start);
      if (this.#decoded.size > 60) this.#decoded.clear();
      this.#decoded.set(index, notes);
    }
    return notes;
  }
}

/** See `_packed` in sonify/output/page/__init__.py. */
function* unpack(phrase, text, melody) {
  const data = atob(text);
  let place = 0;
  const number = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = data.charCodeAt(place++);
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  for (let start = phrase.start; place < data.length; ) {
    start += number() / 1000;
    yield { start, duration: number() / 100, pitch: number(), velocity: number(), melody };
  }
}
