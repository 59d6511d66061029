// Puts the parts together, and gives them words and keys.

const WORDS = {
  en: {
    play: "Play", pause: "Pause", previous: "Previous sentence", next: "Next sentence",
    previousChapter: "Previous chapter", nextChapter: "Next chapter", speed: "Speed",
    volume: "Volume", chapter: "Chapter", chapterNumber: (n) => `Chapter ${n}`, playback: "Playback", back: "Back to the music",
    arc: "Position, over the book’s emotional arc", roll: "The notes being played",
    of: (now, duration, chapter) => `${now} of ${duration}. ${chapter}`,
    emotions: {},
    keys: {
      major: ["C", "D♭", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B"].map((k) => `${k} major`),
      minor: ["C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "G♯", "A", "B♭", "B"].map((k) => `${k} minor`),
    },
  },
  ko: {
    play: "재생", pause: "멈춤", previous: "앞 문장", next: "다음 문장",
    previousChapter: "앞 장", nextChapter: "다음 장", speed: "빠르기",
    volume: "소리 크기", chapter: "장", chapterNumber: (n) => `${n}장`, playback: "재생 조작", back: "음악이 있는 곳으로",
    arc: "위치 (책 전체의 감정 곡선)", roll: "지금 울리는 음",
    of: (now, duration, chapter) => `${duration} 가운데 ${now}. ${chapter}`,
    emotions: {
      joy: "기쁨", affection: "애정", hope: "희망", calm: "평온",
      sadness: "슬픔", fear: "두려움", anger: "분노", surprise: "놀람",
    },
    keys: {
      major: ["다", "내림라", "라", "내림마", "마", "바", "올림바", "사", "내림가", "가", "내림나", "나"].map((k) => `${k}장조`),
      minor: ["다", "올림다", "라", "내림마", "마", "바", "올림바", "사", "올림사", "가", "내림나", "나"].map((k) => `${k}단조`),
    },
  },
};

/** Whether a key is pressed with another that makes it the browser's: Alt+← goes back a page. */
function modified({ ctrlKey, metaKey, altKey, shiftKey }) {
  return ctrlKey || metaKey || altKey || shiftKey;
}

function clock(seconds) {
  const whole = Math.floor(seconds), hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  const two = (number) => String(number).padStart(2, "0");
  return `${hours ? `${hours}:${two(minutes)}` : minutes}:${two(whole % 60)}`;
}

{
  const at = (id) => document.getElementById(id);
  const language = navigator.language.startsWith("ko") ? "ko" : "en";
  const words = WORDS[language];
  const score = new Score(JSON.parse(at("music").textContent), at("book"));
  const { chapters, sentences, duration } = score;
  const keyOf = (minor) => words.keys[minor ? "minor" : "major"][score.tonic];
  const titleOf = (chapter) => chapters[chapter].title || words.chapterNumber(chapter + 1);

  const player = new Player(score);
  const text = new Text(at("book"), score);
  const arc = new Arc(at("arc"), score, () => player.position, (position) => seek(position));
  const roll = new Roll(at("roll"), score, keyOf);
  let palette = colours(), shownChapter = -1, shownMood = "";

  // Words, in the reader's language; the book's own stay in the book's.
  const desk = at("desk");
  desk.lang = language;
  at("return").lang = language;
  at("return").textContent = words.back;
  const name = (element, label, keys) => {
    element.setAttribute("aria-label", label);
    if (element.tagName === "BUTTON") element.title = keys ? `${label} (${keys})` : label;
  };
  name(at("previous"), words.previous, "←");
  name(at("next"), words.next, "→");
  name(at("previous-chapter"), words.previousChapter, "[");
  name(at("next-chapter"), words.nextChapter, "]");
  name(at("chapters"), words.chapter);
  name(at("speed"), words.speed);
  name(at("volume"), words.volume);
  name(at("arc"), words.arc);
  name(at("roll"), words.roll);
  name(document.querySelector(".buttons"), words.playback);
  at("arc").setAttribute("aria-valuemax", duration.toFixed(1));
  at("duration").textContent = clock(duration);
  chapters.forEach((_, chapter) => {
    const option = new Option(titleOf(chapter), chapter);
    option.lang = document.documentElement.lang;
    at("chapters").add(option);
  });

  function show() {
    const position = player.position, number = score.sentenceAt(position);
    const chapter = score.chapterAt(position), sentence = sentences[number];
    text.sing(number);
    if (chapter !== shownChapter) {
      if (shownChapter >= 0) at("said").textContent = titleOf(chapter);
      at("chapters").value = chapter;
      shownChapter = chapter;
    }
    const minor = score.phrases[score.phraseAt(position)].minor;
    const emotion = sentence ? score.emotions[sentence.emotion] : undefined;
    const mood = [keyOf(minor), emotion && (words.emotions[emotion] ?? emotion)].filter(Boolean).join(" · ");
    if (mood !== shownMood) {
      at("mood").textContent = shownMood = mood;
      at("mood").classList.toggle("minor", minor);
    }
    at("now").textContent = clock(position);
    arc.show(position, words.of(clock(position), clock(duration), titleOf(chapter)));
    roll.draw(position, palette);
  }

  let asked = 0; // the frame that is to come

  function frame() {
    asked = 0;
    show();
    if (player.playing) askForFrame();
  }

  function askForFrame() {
    asked ||= requestAnimationFrame(frame);
  }

  function layOut() {
    document.documentElement.style.setProperty("--desk-height", `${desk.offsetHeight}px`);
    palette = colours();
    arc.draw();
    show();
  }

  function seek(position) {
    player.seek(position);
    show(); // lit before it is followed: the old sentence is not to be scrolled to
    text.follow();
  }

  /** Goes to a sentence, counted from the one that is sung. */
  function step(sentencesOn) {
    const number = score.sentenceAt(player.position) + sentencesOn;
    seek(sentences[Math.max(0, Math.min(number, sentences.length - 1))]?.start ?? 0);
  }

  function stepChapter(chaptersOn) {
    const chapter = score.chapterAt(player.position) + chaptersOn;
    seek(chapters[Math.max(0, Math.min(chapter, chapters.length - 1))].start);
  }

  function toggle() {
    if (player.playing) player.pause();
    else {
      player.play();
      show();
      text.follow();
    }
  }

  player.addEventListener("change", () => {
    at("play").dataset.playing = player.playing;
    name(at("play"), player.playing ? words.pause : words.play, "Space");
    askForFrame();
  });
  text.addEventListener("choose", ({ detail }) => {
    seek(sentences[detail].start);
    player.play();
  });
  text.addEventListener("follow", () => { at("return").hidden = text.following; });
  at("return").addEventListener("click", () => text.follow());
  at("play").addEventListener("click", toggle);
  at("previous").addEventListener("click", () => step(-1));
  at("next").addEventListener("click", () => step(1));
  at("previous-chapter").addEventListener("click", () => stepChapter(-1));
  at("next-chapter").addEventListener("click", () => stepChapter(1));
  at("chapters").addEventListener("change", ({ target }) => seek(chapters[target.value].start));
  at("speed").addEventListener("change", ({ target }) => { player.speed = Number(target.value); });
  at("volume").addEventListener("input", ({ target }) => { player.volume = target.value ** 2; });
  player.volume = at("volume").value ** 2;

  addEventListener("keydown", (event) => {
    if (modified(event)) return;
    if (event.target.closest("select, input")) return;
    if (event.key === " " && event.target.closest("button")) return;
    const keys = {
      " ": toggle, ArrowLeft: () => step(-1), ArrowRight: () => step(1),
      "[": () => stepChapter(-1), "]": () => stepChapter(1),
    };
    if (event.key in keys) {
      event.preventDefault();
      keys[event.key]();
    } else if (["PageUp", "PageDown", "Home", "End", "ArrowUp", "ArrowDown"].includes(event.key)) {
      text.let();
    }
  });

  if ("mediaSession" in navigator && window.MediaMetadata) {
    const artist = document.querySelector(".author").textContent;
    navigator.mediaSession.metadata = new MediaMetadata({ title: document.title, artist });
    navigator.mediaSession.setActionHandler("play", () => player.play());
    navigator.mediaSession.setActionHandler("pause", () => player.pause());
    navigator.mediaSession.setActionHandler("previoustrack", () => stepChapter(-1));
    navigator.mediaSession.setActionHandler("nexttrack", () => stepChapter(1));
  }

  desk.hidden = false;
  at("play").dataset.playing = false;
  name(at("play"), words.play, "Space");
  new ResizeObserver(layOut).observe(desk);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", layOut);
  document.fonts?.ready.then(layOut);
  text.let();
  at("return").hidden = true;
  layOut();
  window.sonify = player; // for scripts that follow along
}
