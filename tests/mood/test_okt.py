import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from sonify.mood import okt


def test_tokens_are_normalised_stemmed_and_tagged():
    assert okt.tokens("이것도 되나욬ㅋㅋ") == [
        "이/Determiner", "것/Noun", "도/Josa", "되다/Verb", "ㅋㅋ/KoreanParticle",
    ]  # fmt: skip


def test_word_by_word_gives_what_okt_gives_for_the_whole():
    texts = [
        "친구랑 보고왔는데 꽤 만족했습니다",
        "여친이 돈아깝다고 화냈네요;;",
        "“설렁탕을 사다 놓았는데 왜 먹지를 못하니, 왜 먹지를 못하니……”",
        "1923년 3월 5일 오후 4 시, 제 2 회. #영화 @사람 http://a.kr/b?c=d 100% ㅠㅠ ^^",
        "산에는 꽃 피네  꽃이 피네 갈 봄 여름 없이",
    ]
    whole = okt._okt()
    for text in texts:
        assert okt.tokens(text) == whole.pos(text, norm=True, stem=True, join=True)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", []),
        (" \u3000\u00a0\n\t", []),
        ("좋다\ud800", ["좋다/Adjective"]),
        ("\udc00", []),
        ("좋다\u3000좋다\u00a0좋다", ["좋다/Adjective"] * 3),
        ("😀 좋아요", ["😀/Foreign", "좋다/Adjective"]),
    ],
)
def test_awkward_text(text, tokens):
    assert okt.tokens(text) == tokens


def test_control_characters_do_no_harm():
    assert "좋다/Adjective" in okt.tokens("\x00\x01 좋다 \x7f\u200b\ufeff")


def test_endless_words_are_cut():
    assert len(okt.tokens("가" * 100_000)) >= 100_000 / okt.LONGEST_WORD
    assert okt.tokens("ㅋ" * 100_000)


def test_many_threads_agree():
    texts = [f"{number}번째 사람이 웃으며 말했다" for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(okt.tokens, texts))
    okt._tokens_of.cache_clear()
    assert together == [okt.tokens(text) for text in texts]


def test_java_leaves_signals_and_the_end_of_the_process_to_python():
    code = """
import os, signal, threading, time
from sonify.mood import okt

thread = threading.Thread(target=okt.tokens, args=["안녕하세요"])
thread.start()
thread.join()
signal.signal(signal.SIGTERM, lambda *_: print("terminated"))
os.kill(os.getpid(), signal.SIGTERM)
try:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(60)
except KeyboardInterrupt:
    print("interrupted")
print(*okt.tokens("만족했습니다"))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.split() == ["terminated", "interrupted", "만족하다/Adjective"]
    assert done.stderr == ""
