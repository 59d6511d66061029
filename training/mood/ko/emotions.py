"""KOTE's and KPoEM's 44 emotions, as the eight that a mood tells."""

from collections.abc import Mapping

from sonify.mood.mood import EMOTIONS
from training.mood.data import LABELS

GROUPS = {
    "joy": ("즐거움/신남", "행복", "기쁨", "뿌듯함", "감동/감탄"),
    "affection": ("환영/호의", "고마움", "존경", "아껴주는", "흐뭇함(귀여움/예쁨)"),
    "hope": ("기대감",),
    "calm": ("편안/쾌적", "안심/신뢰"),
    "sadness": (
        "슬픔", "안타까움/실망", "절망", "패배/자기혐오", "힘듦/지침", "서러움", "불쌍함/연민",
        "죄책감", "부끄러움",
    ),
    "fear": ("공포/무서움", "불안/걱정", "부담/안_내킴", "의심/불신", "당황/난처"),
    "anger": (
        "불평/불만", "화남/분노", "지긋지긋", "우쭐댐/무시함", "한심함", "역겨움/징그러움", "짜증",
        "어이없음", "증오/혐오", "귀찮음", "재미없음",
    ),
    "surprise": ("놀람", "경악", "신기함/관심"),
}  # fmt: skip
"""비장함 (solemn resolve), 깨달음 (realization) and 없음 (none) belong to no group."""

NONE = "없음"

OF_LABEL = tuple(
    next((name for name in EMOTIONS if label in GROUPS[name]), None) for label in LABELS
)
"""The group of each of `LABELS`, or None."""


def shares(felt: Mapping[str, float]) -> list[float]:
    """The share of each group, in the order of `EMOTIONS`, in what was felt."""
    sums = [sum(felt.get(label, 0.0) for label in GROUPS[name]) for name in EMOTIONS]
    return [one / (sum(sums) or 1.0) for one in sums]
