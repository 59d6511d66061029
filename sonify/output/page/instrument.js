// A felt piano in a small hall. Each key's sound is made once, from partials, when first needed.

class Instrument {
  #context;
  #entry; // where notes go in
  #volume;
  #sounds = new Map();
  #playing = new Set();

  constructor(context, volume) {
    this.#context = context;
    const limiter = new DynamicsCompressorNode(context, {
      threshold: -6, knee: 6, ratio: 12, attack: 0.003, release: 0.2,
    });
    this.#volume = new GainNode(context, { gain: volume });
    const hall = new ConvolverNode(context, { buffer: this.#hall() });
    const wet = new GainNode(context, { gain: 0.32 });
    this.#entry = new GainNode(context, { gain: 0.55 });
    this.#entry.connect(limiter);
    this.#entry.connect(hall).connect(wet).connect(limiter);
    limiter.connect(this.#volume).connect(context.destination);
  }

  set volume(value) {
    this.#volume.gain.setTargetAtTime(value, this.#context.currentTime, 0.02);
  }

  /** Makes the sounds of these pitches now, so that playing them takes no time later. */
  prepare(pitches) {
    for (const pitch of pitches) this.#sound(pitch);
  }

  /** Plays a note at a time of the audio context, for some seconds. */
  play({ pitch, velocity }, when, duration) {
    const context = this.#context, force = velocity / 127;
    const source = new AudioBufferSourceNode(context, { buffer: this.#sound(pitch) });
    const tone = new BiquadFilterNode(context, {
      type: "lowpass", Q: 0.3, frequency: 500 + 2 * 440 * 2 ** ((pitch - 69) / 12) + 7000 * force ** 2,
    });
    const key = new GainNode(context, { gain: force ** 1.5 });
    const place = new StereoPannerNode(context, { pan: Math.max(-1, Math.min(1, (pitch - 64) / 50)) });
    source.connect(tone).connect(key).connect(place).connect(this.#entry);
    key.gain.setTargetAtTime(0, when + duration, 0.07);
    source.start(when);
    source.stop(when + duration + 0.6);
    const note = { source, key };
    this.#playing.add(note);
    source.onended = () => {
      this.#playing.delete(note);
      place.disconnect();
    };
  }

  /** Lets go of all keys, and forgets the notes to come. */
  silence() {
    const now = this.#context.currentTime;
    for (const { source, key } of this.#playing) {
      key.gain.cancelScheduledValues(now);
      key.gain.setTargetAtTime(0, now, 0.03);
      source.stop(now + 0.2);
    }
  }

  #sound(pitch) {
    let buffer = this.#sounds.get(pitch);
    if (!buffer) {
      buffer = this.#strike(pitch);
      this.#sounds.set(pitch, buffer);
    }
    return buffer;
  }

  #strike(pitch) {
    const rate = this.#context.sampleRate;
    const frequency = 440 * 2 ** ((pitch - 69) / 12);
    const ring = 2.2 * 2 ** ((60 - pitch) / 24); // seconds in which the first partial falls to 1/e
    const length = Math.round(rate * Math.min(4.5, 2.5 * ring + 0.5));
    const buffer = new AudioBuffer({ length, sampleRate: rate });
    const samples = buffer.getChannelData(0);
    for (let partial = 1; partial <= 16; partial++) {
      // Strings are stiff, so partials lie a little high (Fletcher 1964); the hammer, an eighth
      // from the string's end, leaves every eighth one out.
      const pitched = partial * frequency * Math.sqrt(1 + 0.00035 * partial * partial);
      if (pitched > Math.min(9000, rate / 2.2)) break;
      let level = Math.abs(Math.sin((Math.PI * partial) / 8)) / partial ** 1.25;
      level /= 1 + (pitched / 2600) ** 2;
      const step = (2 * Math.PI * pitched) / rate;
      const turn = 2 * Math.cos(step);
      let before = -Math.sin(step), now = 0;
      // A string's sound falls fast at first and slowly then.
      let fast = 0.7 * level, slow = 0.3 * level;
      const fall = Math.exp(-(1 + 0.35 * partial) / (0.35 * ring * rate));
      const fade = Math.exp(-(1 + 0.35 * partial) / (1.5 * ring * rate));
      for (let i = 0; i < length; i++) {
        samples[i] += now * (fast + slow);
        const next = turn * now - before;
        before = now;
        now = next;
        fast *= fall;
        slow *= fade;
      }
    }
    const attack = Math.round(0.003 * rate), end = Math.round(0.3 * rate);
    for (let i = 0; i < attack; i++) samples[i] *= i / attack;
    for (let i = 0; i < end; i++) samples[length - 1 - i] *= i / end;
    return buffer;
  }

  #hall() {
    const rate = this.#context.sampleRate, length = Math.round(1.9 * rate);
    const buffer = new AudioBuffer({ length, sampleRate: rate, numberOfChannels: 2 });
    for (const channel of [0, 1]) {
      const samples = buffer.getChannelData(channel);
      let seed = 1 + channel, dull = 0;
      for (let i = Math.round(0.014 * rate); i < length; i++) {
        seed = (Math.imul(seed, 1664525) + 1013904223) | 0;
        const time = i / length;
        dull += (0.75 - 0.6 * time) * (seed / 2 ** 31 - dull); // highs die away sooner
        samples[i] = dull * 10 ** (-3 * time);
      }
    }
    return buffer;
  }
}
