import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonify.reading.sentences import runs_on, split


@pytest.mark.parametrize(
    "sentences",
    [
        ["그는 갔다.", "그녀는 남았다."],
        ["뭐라고?!", "정말이야!", "그래."],
        ["밤이었다"],  # no full stop at all
        ["그는 갔다.", "밤이었다"],
        # a quotation that stands by itself is divided
        ["“그래 불렀다.", "왜!”", "팍 무는 듯이 한마디 하였다."],
        ['"생원, 시침을 떼도 다 아네….', '충주집 말이야."', "조 선달은 비죽이 웃는다."],
        ["‘비!", "비가 한바탕 지나갔으면.’", "그는 생각에 잠겼다."],
        ["「눈이 온다.", "눈이 와.」", "아이가 외쳤다."],
        # one that a sentence leads up to, or goes on from, is not
        ["“왜 왔니? 얼마나 기다렸는지 몰라.” 하고 그는 말했다.", "그는 웃었다."],
        ['"이 자식아! 미처 자라야지!"하고 만다.', "그뿐이다."],
        ["책상을 치며, “이놈! 네가 누구냐?” 하였다.", "모두 떨었다."],
        ["그는 간신히, “저요? 저 말이에요?”", "문이 열렸다."],
        ["「그렇다. 가자.」라고 그는 말했다.", "『봄. 봄』은 소설이다."],
        ["“그는 ‘가자! 어서.’ 하고 말했어.", "난 몰라.”", "그녀가 울었다."],
        ["“안녕?”, “그래.” 하며 둘은 웃었다."],
        ["그는 “악!” 소리를 질렀다.", "밤이었다."],
        ["“안 됩니다.”", "하는 수 없이 그는 돌아섰다."],
        ["“돈이 없습니다.”", "하지만 그는 웃었다."],
        # speakers in turn, with and without full stops
        ['"그만 둘까?"', '"잘 생각했네."', '"그래."'],
        ["“참 재미있단다”", "“그래 여간 기쁘지 않아 얘”", "“얼른 나온!”"],
        ["“대체 이게 웬 영문이야”", "그는 소의 고삐를 놓았다."],
        ["― 어디 가니?", "― 집에.", "그는 걸었다."],
        # exclamations within a sentence
        ["옳다! 하고 그는 외쳤다.", "아!", "슬프다."],
        # ellipses end a sentence only where one can end
        ["그는… 아무 말도…… 하지 않았다.", "나는 울었다……", "그리고 웃었다."],
        ["즐거움은... 행복은... 뉘 것?", "모른다."],
        ["“…….”", "그는 말이 없었다."],
        # full stops that are none
        ["C 여학교와 J. S. 바흐와 Mr. 김.", "그뿐."],
        ["3.1 운동은, 곧 3. 1 운동은 1919. 3. 1.에 일어났다.", "3.5km를 걸었다."],
        ["1. 봄이 왔다.", "2. 여름이 왔다."],
        ["서울.부산.대구를 거쳤다.", "www.example.com에 있다."],
        ["그날(1923. 9. 1.) 땅이 흔들렸다.", "(그는 몰랐다.", "아무도.)", "밤이 왔다."],
        # a dash stays with what follows a full stop
        ["그는 갔다. ", "―그런데 누가?"],
        # quotation marks that don't pair
        ["“그는 갔다.", "그리고 오지 않았다."],
        ["그는 갔다.”", "그리고 오지 않았다."],
        ['"한 사람이 왔다.', '"또 한 사람이 왔다."', "모두 셋이다."],
        ["rock 'n' roll이 Kim's 음악이다.", "그뿐."],
        ["그는 갔다。", "왜？", "정말！"],
    ],
)
def test_ends(sentences):
    sentences = [sentence.strip() for sentence in sentences]
    assert list(split(" ".join(sentences))) == sentences


def test_ends_without_a_space_after_them():
    assert list(split("그는 갔다.그녀는 남았다.“누구냐?”“나요.”")) == [
        "그는 갔다.",
        "그녀는 남았다.",
        "“누구냐?”",
        "“나요.”",
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("그는 모기만 한 소리로,", "“저를 부르셨어요?”"),
        ("유념은", '"그렇지 않도다."'),
        ('"저를 부르셨어요?"', "하고 묻는다."),
        ("‘꿈인가?’", "라고 그는 생각했다."),
    ],
)
def test_a_sentence_runs_on_through_paragraphs(before, after):
    assert runs_on(before, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("그는 갔다.", "하고 싶은 말이 있었다."),
        ('"갔다."', "그는 웃었다."),
        ('"갔다."', "하지만 그는 웃었다."),
        ("그는 갔다", '"어디로?"'),
        ("편지를 보라", "내용은 이렇다."),
    ],
)
def test_a_paragraph_ends_a_sentence(before, after):
    assert not runs_on(before, after)


_korean = st.text(alphabet="가나다 라고하니.?!…,\"'“”‘’「」()-―1A", max_size=80)


@given(st.one_of(_korean, st.text()))
def test_nothing_is_lost(text):
    sentences = list(split(text))
    assert "".join("".join(sentences).split()) == "".join(text.split())
    assert all(sentence == sentence.strip() != "" for sentence in sentences)


@pytest.mark.parametrize(
    "unit",
    ["가", "가 ", "가나. ", '"', "“", "(", '("', "…", "“가. “", '"가" ', "“가.” 하고 ", "가.",
     "1. ", "가 (가) ", "가… "],
)  # fmt: skip
def test_a_paragraph_of_100_000_characters(unit):
    text = unit * (100_000 // len(unit))  # if time grew with the square, this would take minutes
    assert "".join("".join(split(text)).split()) == "".join(text.split())
