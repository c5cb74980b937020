"""Names in a tree of scopes."""

from __future__ import annotations

from fastckpt.base.scopes import Leaf, arrange, find_separator


def tree_of(*names, size=1):
    leaves = [Leaf(tuple(name.split("/")), name, size) for name in names]
    return [
        (row.depth, "/".join(row.parts), row.item, row.things)
        for row in arrange(leaves, str)
    ]


def test_scopes_have_the_counts_of_what_is_in_them():
    assert tree_of("b", "a/x", "a/y/z", "a/y/w") == [
        (0, "", None, 4),
        (1, "a", None, 3),
        (2, "x", "a/x", 1),
        (2, "y", None, 2),
        (3, "w", "a/y/w", 1),
        (3, "z", "a/y/z", 1),
        (1, "b", "b", 1),
    ]


def test_what_has_the_name_of_a_scope_stands_before_it():
    rows = tree_of("a/b", "a")
    assert [row[1:3] for row in rows[1:]] == [("a", "a"), ("a", None), ("b", "a/b")]


def test_scopes_with_nothing_but_one_other_are_one_line():
    assert tree_of("a/b/c/x", "a/b/c/y")[1] == (1, "a/b/c", None, 2)
    rows = list(arrange([Leaf(("a", "b", "x"), 1, 5)], str))
    assert rows[1].scope == ("a", "b")
    assert rows[2].scope == ("a", "b", "x")


def test_empty_parts_are_parts():
    assert [row[2] for row in tree_of("a//b", "/a", "") if row[2] is not None] == [
        "",
        "/a",
        "a//b",
    ]


def test_sizes_add_up():
    rows = list(arrange([Leaf(("a", str(i)), i, i) for i in range(10)], str))
    assert (rows[0].size, rows[1].size) == (45, 45)


def test_depth_is_no_limit():
    deep = "/".join("ab" * 5000)
    rows = tree_of(deep, deep + "x", deep + "/y/z")
    assert rows[0][3] == 3
    assert max(row[0] for row in rows) < 10


def test_a_hundred_thousand_names_are_arranged():
    names = [f"layer_{i % 100}/sub_{i % 1000}/w{i}" for i in range(100_000)]
    assert len(tree_of(*names)) == 1 + 100 + 1000 + 100_000


def test_the_dot_separates_where_no_name_has_a_slash():
    assert find_separator(["a.b", "c"]) == "."
    assert find_separator(["a.b", "c/d"]) == "/"
    assert find_separator([]) == "."
