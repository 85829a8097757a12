"""The cache for functions of texts."""

from fhir_server.core.memo import LENGTH_MAX, Memo


class Asked(list[str]):
    """Makes capitals, and notes of what."""

    def __call__(self, text: str) -> str:
        self.append(text)
        return text.upper()


def test_what_was_made_once_is_not_made_again() -> None:
    asked = Asked()
    memo = Memo(asked)
    assert (memo["a"], memo["b"], memo["a"]) == ("A", "B", "A")
    assert asked == ["a", "b"]


def test_long_texts_are_made_each_time() -> None:
    asked = Asked()
    memo, long = Memo(asked), "x" * (LENGTH_MAX + 1)
    assert memo[long] == memo[long] == long.upper()
    assert asked == [long, long]
    assert not memo


def test_never_more_are_kept_than_there_is_room_for() -> None:
    memo: Memo[str, int] = Memo(len, entries_max=3)
    for number in range(100):
        assert memo[str(number)] == len(str(number))
        assert len(memo) <= 3
