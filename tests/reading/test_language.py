import pytest

from sonify.reading.language import detect, has_letter


@pytest.mark.parametrize(
    ("text", "declared", "language"),
    [
        ("그는 갔다.", "", "ko"),
        ("그는 갔다.", "en-US", "ko"),  # letters overrule an editor's default
        ("妾은 泰元을 사랑하였다", "zh", "ko"),
        ("ㅋㅋㅋ", "", "ko"),
        ("He said “안녕” and left the house at once, never to be seen again.", "ko-KR", "en"),
        ("吾輩は猫である。名前はまだ無い。", "ko", "ja"),
        ("我生在一个小村子里", "", "zh"),
        ("It was the best of times, it was the worst of times.", "", "en"),
        ("Elle était à la fenêtre.", "fr-FR", "fr"),
        ("Elle était à la fenêtre.", "", "und"),
        ("Привет", "ru", "ru"),
    ],
)
def test_detect(text, declared, language):
    assert detect(text, declared) == language


def test_has_letter():
    assert has_letter("… 가")
    assert not has_letter("… 1_2 *")
