// Keeps time. What sounds and what is shown follow one clock, the audio context's: notes are given
// to it ahead of their time, and `position` is read from it, so the two can't drift apart.

class Player extends EventTarget {
  #score;
  #context = null;
  #instrument = null;
  #timer = 0;
  #from = 0; // position at which it stands, or from which it plays
  #since = 0; // the context's time at which it began to play
  #phrase = 0; // the next note to be given to the context
  #note = 0;
  #speed = 1;
  #volume = 0.8;

  static AHEAD = 2; // seconds: hidden pages get a turn only once a second
  static TURN = 200; // milliseconds

  constructor(score) {
    super();
    this.#score = score;
  }

  get playing() {
    return this.#timer !== 0;
  }

  /** Seconds from the beginning of the book: what is heard now. */
  get position() {
    if (!this.playing) return this.#from;
    const heard = this.#context.currentTime - (this.#context.outputLatency || 0);
    const position = this.#from + Math.max(0, heard - this.#since) * this.#speed;
    return Math.min(position, this.#score.duration);
  }

  play() {
    if (this.playing) return;
    if (this.#from >= this.#score.duration) this.#from = 0;
    this.#context ??= new AudioContext({ latencyHint: "playback" });
    this.#instrument ??= new Instrument(this.#context, this.#volume);
    this.#context.resume();
    this.#start();
    this.#changed();
  }

  pause() {
    if (!this.playing) return;
    this.#from = this.position;
    this.#stop();
    this.#changed();
  }

  seek(position) {
    const playing = this.playing;
    if (playing) this.#stop();
    this.#from = Math.max(0, Math.min(position, this.#score.duration));
    if (playing) this.#start();
    this.#changed();
  }

  get speed() {
    return this.#speed;
  }

  set speed(value) {
    const position = this.position;
    this.#speed = value;
    this.seek(position);
  }

  set volume(value) {
    this.#volume = value;
    if (this.#instrument) this.#instrument.volume = value;
  }

  #start() {
    this.#phrase = this.#score.phraseAt(this.#from);
    const notes = this.#score.notes(this.#phrase);
    this.#note = notes.findIndex((note) => note.start >= this.#from - 0.001);
    if (this.#note < 0) this.#note = notes.length;
    this.#instrument.prepare(notes.slice(this.#note, this.#note + 16).map((note) => note.pitch));
    this.#since = this.#context.currentTime + 0.1;
    this.#timer = setInterval(() => this.#turn(), Player.TURN);
    this.#turn();
  }

  #stop() {
    clearInterval(this.#timer);
    this.#timer = 0;
    this.#instrument.silence();
  }

  /** Gives the context the notes of the time ahead. */
  #turn() {
    const now = this.#context.currentTime;
    const horizon = this.#from + (now + Player.AHEAD - this.#since) * this.#speed;
    while (this.#phrase < this.#score.phrases.length) {
      const notes = this.#score.notes(this.#phrase);
      for (; this.#note < notes.length; this.#note++) {
        const note = notes[this.#note];
        if (note.start > horizon) return;
        const when = this.#since + (note.start - this.#from) / this.#speed;
        if (when >= now - 0.05) this.#instrument.play(note, when, note.duration / this.#speed);
      }
      this.#phrase++;
      this.#note = 0;
    }
    if (this.position >= this.#score.duration) this.pause();
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
