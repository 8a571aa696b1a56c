import numpy as np
from eclip.models.heads.attributes import ABSENT, AttributesHead, label_of

COLOURS = np.array(["red", "blue", "green"], dtype=object)


def rows_of(kind, given):
    return [{"colour": COLOURS[k]} if has else {} for k, has in zip(kind, given, strict=True)]


def test_where_most_have_a_value_a_missing_one_is_unknown(made):
    vectors, kind = made(300)
    given = np.random.default_rng(0).random(300) < 0.7
    head = AttributesHead.fit(vectors, rows_of(kind, given), [None] * 300, "")
    assert head.softmaxes["colour"].labels == ["blue", "green", "red"]
    assert (head.predict(vectors)["colour"][0] == COLOURS[kind]).mean() > 0.85


def test_where_few_have_one_missing_means_absent(made):
    vectors, kind = made(400)
    # Kind 0 are mugs and have colours; kinds 1 and 2 are books and have none.
    categories = ["mug" if k == 0 else "book" for k in kind]
    rows = [{"colour": "red" if i % 2 else "blue"} if k == 0 else {} for i, k in enumerate(kind)]
    head = AttributesHead.fit(vectors, rows, categories, "")
    assert head.softmaxes["colour"].labels == [ABSENT, "blue", "red"]
    found = head.predict(vectors)["colour"][0]
    assert (found[kind != 0] == ABSENT).mean() > 0.9
    assert (found[kind == 0] == ABSENT).mean() < 0.4
    rule = head.expected["colour"]
    assert label_of({}, "colour", "mug", rule) is None
    assert label_of({}, "colour", "book", rule) == ABSENT
    assert label_of({"colour": "red"}, "colour", "book", rule) == "red"


def test_rare_values_and_attributes_are_left_out(made):
    vectors, kind = made(100)
    rows = rows_of(kind, [True] * 100)
    for i in range(8):
        rows[i]["rare"] = "x" if i % 2 else "y"
    rows[50]["colour"] = "mauve"
    head = AttributesHead.fit(vectors, rows, [None] * 100, "", min_support=10)
    assert list(head.softmaxes) == ["colour"]
    assert "mauve" not in head.softmaxes["colour"].labels
    named = AttributesHead.fit(vectors, rows, [None] * 100, "", names=["rare"], min_support=3)
    assert list(named.softmaxes) == ["rare"]


def test_saved_and_loaded_it_answers_the_same(made, tmp_path):
    vectors, kind = made(100)
    rows = [{"colour": COLOURS[k], "größe": "S" if k else "M"} for k in kind]
    head = AttributesHead.fit(vectors, rows, [None] * 100, "hash")
    head.save(tmp_path)
    loaded = AttributesHead.load(tmp_path)
    assert list(loaded.softmaxes) == ["colour", "größe"]
    for name, (labels, score) in head.predict(vectors).items():
        assert (loaded.predict(vectors)[name][0] == labels).all()
        assert (loaded.predict(vectors)[name][1] == score).all()
