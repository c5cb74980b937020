"""Pages as people meet them: in Chromium, wide and narrow, light and dark, by keyboard.

What was drawn is kept in FASTCKPT_SCREENSHOTS, if that names a folder, to be looked at.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest

import browser
import fastckpt
from damage import change_byte
from fastckpt.base.text import natural_order
from fastckpt.cli import main
from fastckpt.pages.checkpoint_page import About, format_shell
from fastckpt.pages.columns import embed, embed_rows, pack_names
from fastckpt.pages.page import run_script, write_page
from places import GOLDEN

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(browser.find() is None, reason="there is no Chromium"),
]

WIDE, NARROW = (1440, 900), (420, 840)
COUNT = 1500
_MOMENTS = ("min", "max", "mean", "std", "zeros", "nan", "inf")
HOSTILE = [
    "</script><script>document.title='broken'</script>",
    "<img src=x onerror=alert(1)>",
    "a\0b\u202ec\udcff",
    "__proto__",
    "with spaces  two",
    "עברית/שם",
    "x" * 3000,
]


def tensors(shift=0.0):
    random = np.random.default_rng(3)
    made = {name: np.ones(2, "f4") for name in HOSTILE}
    for i in range(COUNT):
        values = random.normal(shift * i, 1 + i % 7, 60 + i).astype("f4")
        made[f"model/layer_{i // 10}/part_{i % 10}/kernel"] = values
    made["model/bad/bias"] = np.array([np.nan, 1, 2], "f4")
    made["model/layer_1/part_1"] = np.zeros((3, 4), np.int64)
    return made


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    old, new = tensors(), tensors(0.01)
    del new["model/bad/bias"]
    new["model/new/bias"] = np.arange(9.0)
    new["__proto__"] = np.zeros((2, 2))
    new["model/layer_0/part_0/kernel"] = old["model/layer_0/part_0/kernel"]
    fastckpt.save(folder / "a", old)
    fastckpt.save(folder / "b", new)
    assert main(["show", str(folder / "a"), "--html", str(folder / "show.html")]) == 0
    words = ["diff", str(folder / "a"), str(folder / "b")]
    assert main([*words, "--html", str(folder / "diff.html")]) == 1
    name = "model/layer_1/part_2/kernel"
    words = ["show", str(folder / "a"), name, "--html", str(folder / "tensor.html")]
    assert main(words) == 0
    return folder


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with browser.started(tmp_path_factory.mktemp("browser")) as started:
        yield started


@pytest.fixture
def tab(running):
    tab = browser.Tab(running)
    tab.look(*WIDE)
    yield tab
    complaints, requests = tab.complaints(), tab.requests()
    tab.close()
    assert complaints == []
    # Nothing but pages: no image, no font, no network.
    assert all(url.startswith("file:") or url == "about:blank" for url in requests)
    assert not [
        url for url in requests if not url.split("#")[0].endswith(("html", "k"))
    ]


ROWS = """Array.from(document.querySelectorAll('.rows .row'))
    .sort((a, b) => a.getAttribute('aria-rowindex') - b.getAttribute('aria-rowindex'))
    .filter((row) => {
        const box = row.getBoundingClientRect();
        const table = document.querySelector('#table').getBoundingClientRect();
        return box.bottom > table.top + 30 && box.top < table.bottom;
    })"""


def names_in_sight(tab):
    return tab.run(f"{ROWS}.map((row) => row.querySelector('a').title)")


def counted(tab):
    return tab.run("document.querySelector('#count').textContent")


def search(tab, text):
    tab.run(
        "(() => { const box = document.querySelector('#search');"
        " box.focus(); box.select(); })()"
    )
    tab.call("Input.insertText", text=text)
    tab.settle()


def sort_by(tab, label):
    tab.run(
        "Array.from(document.querySelectorAll('.head button'))"
        f".find((button) => button.textContent === {label!r}).click()"
    )
    tab.settle()


def text_of(tab, selector):
    return tab.run(f"document.querySelector({selector!r}).textContent")


def test_only_rows_in_sight_are_made_and_all_can_be_reached(tab, pages):
    tab.open(pages / "show.html")
    total = COUNT + len(HOSTILE) + 2
    assert counted(tab) == f"{total:,} tensors"
    assert tab.run("document.querySelectorAll('.rows .row').length") < 80
    assert tab.run("Number(document.querySelector('#table').ariaRowCount)") == total + 1
    tab.run("document.querySelector('#table').scrollTop = 1e9")
    tab.settle()
    last = tab.run(f"{ROWS}.at(-1).getAttribute('aria-rowindex')")
    assert int(last) == total + 1


def test_search_finds_parts_patterns_and_nothing(tab, pages):
    tab.open(pages / "show.html")
    search(tab, "LAYER_12/ part_3")
    assert names_in_sight(tab) == ["model/layer_12/part_3/kernel"]
    assert counted(tab).startswith("1 of ")
    search(tab, "layer_1?0/*_9/")
    expected = [f"model/layer_1{i}0/part_9/kernel" for i in range(5)]
    assert names_in_sight(tab) == expected
    search(tab, "(no such [thing")
    assert names_in_sight(tab) == []
    assert tab.run("!document.querySelector('.empty').hidden")
    search(tab, "proto")
    assert names_in_sight(tab) == ["__proto__"]


def test_every_column_sorts_both_ways(tab, pages):
    tab.open(pages / "show.html")
    labels = tab.run(
        "Array.from(document.querySelectorAll('.head button'), (it) => it.textContent)"
    )
    assert len(labels) == 14
    firsts = {}
    for label in labels:
        for _ in range(2):
            sort_by(tab, label)
            way = tab.run(
                "document.querySelector('[aria-sort]').getAttribute('aria-sort')"
            )
            firsts[label, way] = names_in_sight(tab)[0]
    assert len(firsts) == 28
    largest = f"model/layer_{(COUNT - 1) // 10}/part_{(COUNT - 1) % 10}/kernel"
    assert firsts["Size", "descending"] == largest
    assert firsts["NaN", "descending"] == "model/bad/bias"
    assert firsts["Zeros", "descending"] == "model/layer_1/part_1"


@pytest.mark.parametrize("way", ["ascending", "descending"])
def test_charts_are_sorted_by_their_width_and_what_has_none_is_last(tab, way, tmp_path):
    widths = [5, None, 3, None, 9, None, 1, 4, None, 2, 8, None, 7, 6]
    made = {
        f"w{i:02d}": np.array([b"text"], object) if width is None else [0.0, width]
        for i, width in enumerate(widths)
    }
    fastckpt.save(tmp_path / "p", made)
    page = tmp_path / "p.html"
    assert main(["show", str(tmp_path / "p"), "--html", str(page)]) == 0
    tab.open(page)
    sort_by(tab, "Spread")  # the widest first
    if way == "ascending":
        sort_by(tab, "Spread")
    found = [widths[int(name[1:])] for name in names_in_sight(tab)]
    known = sorted(filter(None, widths), reverse=way == "descending")
    assert found == known + [None] * 5


def test_scopes_that_hold_one_other_are_one_line_however_many(tab, tmp_path):
    deep = "/".join("ab" * 500)
    chain = {f"step/{'x/' * i}w": [1.0] for i in range(1, 60)}
    values = {f"{deep}/w": np.ones(3000, np.float32), **chain}
    for name, tensors in (("one", values), ("chain", chain)):
        fastckpt.save(tmp_path / name, tensors)
        page = tmp_path / f"{name}.html"
        assert main(["show", str(tmp_path / name), "--html", str(page)]) == 0
    tab.open(tmp_path / "one.html")
    tab.run("document.querySelector('#tab-scopes').click()")
    tab.settle()
    assert text_of(tab, ".tree details[open] > summary .label") == f"{deep}/"
    assert text_of(tab, ".tree details[open] .tensor .label") == "w"
    tab.open(tmp_path / "chain.html")
    tab.run("document.querySelector('#tab-scopes').click()")
    tab.settle()
    assert 0 < tab.run("document.querySelectorAll('.tree details[open]').length") <= 20


def test_a_link_leads_to_a_tensor_and_back(tab, pages):
    tab.open(pages / "show.html")
    name = "model/layer_5/part_6/kernel"
    search(tab, "layer_5/part_6/")
    tab.run("document.querySelector('.rows a').focus()")
    tab.press("Enter")
    tab.wait("!document.querySelector('#detail').hidden")
    assert text_of(tab, "#detail h2") == name
    assert tab.run("document.activeElement.id") == "detail-name"
    values = fastckpt.open(pages / "a")[name].astype("f8")
    facts = text_of(tab, "#detail dl")
    assert f"mean{float(f'{values.mean():.6g}'):g}"[:8] in facts
    tab.run("document.querySelector('#detail .counts').open = true")
    tab.settle()
    counts = tab.run(
        "Array.from(document.querySelectorAll('#detail .counts td:last-child'),"
        " (cell) => Number(cell.textContent))"
    )
    assert counts == np.histogram(values, 50)[0].tolist()
    tab.press("Escape")
    assert tab.run("document.querySelector('#detail').hidden")
    assert tab.run("document.activeElement.title") == name
    # The address of a tensor is one that can be kept.
    tab.open(pages / "show.html", "#tensor=model%2Flayer_7%2Fpart_8%2Fkernel")
    assert text_of(tab, "#detail h2") == "model/layer_7/part_8/kernel"


def test_rows_are_reached_by_keys(tab, pages):
    tab.open(pages / "show.html")
    search(tab, "layer_")
    for _ in range(20):  # past what is above the table
        tab.press("Tab")
        if tab.run("document.activeElement.matches('.rows a')"):
            break
    place = "Number(document.activeElement.closest('.row').dataset.place)"
    assert tab.run(place) == 0
    tab.press("ArrowDown")
    assert tab.run(place) == 1
    tab.press("End")
    assert tab.run(place) == COUNT
    assert tab.run("document.activeElement.title") == names_in_sight(tab)[-1]
    tab.press("PageUp")
    assert COUNT - 60 < tab.run(place) < COUNT
    tab.press("Home")
    assert tab.run(place) == 0
    # One stop: the next is not a row.
    tab.press("Tab")
    assert not tab.run("document.activeElement.matches('.rows a')")


def test_the_keyboard_comes_to_a_row_in_sight(tab, pages):
    tab.open(pages / "show.html")
    tab.run("document.querySelector('#table').scrollTop = 9000")
    tab.settle()
    tab.run("Array.from(document.querySelectorAll('.head button')).at(-1).focus()")
    tab.press("Tab")
    assert tab.run("document.activeElement.title") in names_in_sight(tab)


def test_a_click_anywhere_in_a_row_opens_its_tensor(tab, pages):
    tab.open(pages / "show.html")
    search(tab, "layer_5/part_6/")
    box = tab.run(
        "(() => { const box = document.querySelector('.rows .row [data-key=shape]')"
        ".getBoundingClientRect(); return [box.left + 5, box.top + 5]; })()"
    )
    at = {"x": box[0], "y": box[1], "button": "left", "clickCount": 1}
    for kind in ("mousePressed", "mouseReleased"):
        tab.call("Input.dispatchMouseEvent", type=kind, **at)
    tab.wait("!document.querySelector('#detail').hidden")
    assert text_of(tab, "#detail h2") == "model/layer_5/part_6/kernel"


def test_scopes_have_sizes_and_lead_to_the_table(tab, pages):
    tab.open(pages / "show.html")
    tab.run("document.querySelector('#tab-scopes').click()")
    tab.settle()
    label = "#view-scopes .tree > details > summary .label"
    scopes = tab.run(
        f"Array.from(document.querySelectorAll('{label}'), (it) => it.textContent)"
    )
    assert scopes[0] == "model/"
    line = text_of(tab, ".tree > details > summary")
    assert f"{COUNT + 2:,} tensors" in line
    assert tab.run("document.querySelectorAll('.branch > details').length") == 151
    # A scope that is a tensor, too, is both.
    tab.run(
        "Array.from(document.querySelectorAll('.branch > details'))"
        ".find((it) => it.scope.path === 'model/layer_1/').open = true"
    )
    tab.settle()
    lines = tab.run(
        "Array.from(document.querySelectorAll("
        "'.branch .branch .label'), (it) => it.textContent)"
    )
    assert {"part_1", "part_1/"} <= set(lines)
    tab.run("document.querySelector('.branch details[open] .list').click()")
    tab.settle()
    assert counted(tab).startswith("11 of ")


def test_differences_begin_with_what_changed_most(tab, pages):
    tab.open(pages / "diff.html")
    found = fastckpt.diff(pages / "a", pages / "b").changed
    norms = {name: it.relative_norm for name, it in found.items() if it.relative_norm}
    most = sorted(norms, key=lambda name: -norms[name])[:10]
    assert names_in_sight(tab)[:10] == most
    assert tab.run(f"{ROWS}[0].querySelectorAll('svg path:not(.zero)').length") == 2
    kinds = tab.run(
        "Array.from(document.querySelectorAll('#kinds option'), (it) => it.textContent)"
    )
    assert kinds[0].startswith("all that differ (1,5")
    assert "only in A (1)" in kinds
    tab.run(
        "(() => { const box = document.querySelector('#kinds');"
        " box.value = 'dropped'; box.dispatchEvent(new Event('change')); })()"
    )
    tab.settle()
    assert names_in_sight(tab) == ["model/bad/bias"]


def show(tmp_path, *words):
    page = tmp_path / "page.html"
    main([*map(str, words), "--html", str(page)])
    return page


def test_what_became_no_number_comes_first(tab, tmp_path):
    old = {f"layer_{i}": np.full(50, 1.0 + i) for i in range(300)}
    new = {name: values * 1.001 for name, values in old.items()}
    new["layer_7"] = np.full(50, np.nan)
    new["layer_250"] = new["layer_250"].copy()
    new["layer_250"][3] = np.inf
    # From zero: an infinite norm, and yet a number.
    old["a_bias"], new["a_bias"] = np.zeros(3), np.ones(3)
    fastckpt.save(tmp_path / "a", old)
    fastckpt.save(tmp_path / "b", new)
    tab.open(show(tmp_path, "diff", tmp_path / "a", tmp_path / "b"))
    assert names_in_sight(tab)[:3] == ["layer_7", "layer_250", "a_bias"]
    norms = tab.run(
        f"{ROWS}.slice(0, 4).map((row) => "
        "row.querySelector('[data-key=relative_norm]').textContent)"
    )
    assert norms == ["not finite", "not finite", "inf", "0.001"]
    # Both are one value: two bars, each within its picture.
    for name in ("a_bias", "layer_3"):
        tab.open(tmp_path / "page.html", f"#tensor={name}")
        places = tab.run(
            "Array.from(document.querySelectorAll('#detail svg.large'), (box) => {"
            " const bar = box.querySelector('path:not(.axis):not(.zero)').getBBox();"
            " return [bar.x, bar.x + bar.width, bar.height]; })"
        )
        (a, a_end, height), (b, b_end, _) = places
        assert 0 <= a < a_end < b < b_end <= 400
        assert height > 0


def test_numbers_are_shown_with_the_digits_that_they_have(tab, tmp_path):
    tensors = {
        "lr": np.float32(1234567),
        "near": np.linspace(1 - 1e-7, 1 + 1e-7, 100),
        "steps": np.array([2147483645, 2147483647, 2147483646], np.int32),
        "huge": np.array([-1.5e20, 3e20]),
        "small": np.array([1.25e-7, 0.0]),
    }
    fastckpt.save(tmp_path / "p", tensors)
    page = show(tmp_path, "show", tmp_path / "p")

    def told(name):
        tab.open(page, f"#tensor={name}")
        words = tab.run(
            "Array.from(document.querySelectorAll('#detail dl > *'), "
            "(it) => it.textContent)"
        )
        return dict(zip(words[::2], words[1::2], strict=True))

    assert told("lr")["min"] == "1,234,567"
    steps = told("steps")
    assert [steps[key] for key in ("min", "mean", "max")] == [
        "2,147,483,645",
        "2,147,483,646",
        "2,147,483,647",
    ]
    assert told("huge")["min"] == "-1.5e+20"
    assert told("small")["max"] == "1.25e-7"
    near = told("near")
    assert float(near["min"]) < 1 < float(near["max"])
    assert tab.run("document.querySelectorAll('#detail svg.large').length") == 1
    # In a row no exponent is cut off.
    tab.open(page)
    stds = tab.run(
        f"{ROWS}.map((row) => row.querySelector('[data-key=std]').textContent)"
    )
    assert all(len(text) <= 10 for text in stds)


def test_objects_are_called_by_their_paths_and_found_by_keys(tab, tmp_path):
    prefix = GOLDEN / "objects"
    page = show(tmp_path, "show", prefix)
    with fastckpt.open(prefix) as ckpt:
        paths = ckpt.objects.names()
    tab.open(page)
    called = [title.split("\n")[0] for title in names_in_sight(tab)]
    assert {name for name in called if ".ATTRIBUTES" in name} == set()
    assert set(paths) <= set(called)
    assert called == sorted(called, key=natural_order)
    path = next(path for path in paths if "/" in path)
    search(tab, paths[path])
    assert names_in_sight(tab) == [f"{path}\nkey: {paths[path]}"]
    for name in (path, paths[path]):
        tab.open(page, f"#tensor={quote(name, safe='')}")
        assert text_of(tab, "#detail-name") == path
        assert paths[path] in text_of(tab, "#detail dl")
    tab.run("document.querySelector('#tab-scopes').click()")
    tab.settle()
    labels = tab.run(
        "Array.from(document.querySelectorAll('.tree .label'), (it) => it.textContent)"
    )
    assert not [label for label in labels if ".ATTRIBUTES" in label]


def test_differences_of_objects_are_called_by_their_paths(tab, tmp_path):
    prefix = GOLDEN / "objects"
    with fastckpt.open(prefix) as ckpt:
        paths = ckpt.objects.names()
        tensors = dict(ckpt)
    path = next(path for path in paths if "/" in path)
    key = paths[path]
    tensors[key] = tensors[key] + 1
    fastckpt.save(tmp_path / "b", tensors)
    tab.open(show(tmp_path, "diff", prefix, tmp_path / "b"))
    assert names_in_sight(tab) == [f"{path}\nkey: {key}"]
    tab.open(tmp_path / "page.html", f"#tensor={quote(key, safe='')}")
    assert text_of(tab, "#detail-name") == path
    assert key in text_of(tab, "#detail dl")


def test_what_cannot_be_read_or_is_not_finite_is_counted_and_found(tab, tmp_path):
    tensors = {f"t{i}": np.arange(4.0) + i for i in range(200)}
    tensors["t150"] = np.array([1, np.nan])
    fastckpt.save(tmp_path / "p", tensors)
    with fastckpt.open(tmp_path / "p") as ckpt:
        file, offset, _ = ckpt.byte_runs("t77")[0]
    change_byte(Path(file), offset)
    tab.open(show(tmp_path, "show", tmp_path / "p"))
    options = "Array.from(document.querySelectorAll('#kinds option'), (it) => it.text)"
    assert tab.run(options) == [
        "all, of which 1 cannot be read, 1 not finite",
        "cannot be read (1)",
        "not finite (1)",
    ]
    for kind, name in (("cannot be read", "t77"), ("not finite", "t150")):
        tab.run(
            "(() => { const box = document.querySelector('#kinds');"
            f" box.value = '{kind}'; box.dispatchEvent(new Event('change')); }})()"
        )
        tab.settle()
        assert names_in_sight(tab) == [name]


def test_histograms_stand_side_by_side_over_one_range(tab, pages):
    name = "model/layer_149/part_9/kernel"
    tab.open(pages / "diff.html", f"#tensor={name.replace('/', '%2F')}")
    charts = tab.run(
        "Array.from(document.querySelectorAll('#detail .large'), (it) => "
        "[it.getBoundingClientRect().top, it.textContent])"
    )
    assert len(charts) == 2
    assert charts[0] == charts[1]  # one height on the page, one range on the axes


def test_hostile_names_are_shown_and_do_nothing(tab, pages):
    tab.open(pages / "show.html")
    assert tab.run("document.title") == str(pages / "a")
    names = set(names_in_sight(tab))
    for shown in (r"a\x00b\u202ec\xff", HOSTILE[0], HOSTILE[1]):
        assert shown in names
    assert tab.run("document.images.length") == 0
    for name in (HOSTILE[0], r"a\x00b\u202ec\xff", "עברית/שם", HOSTILE[-1]):
        tab.run(
            f"location.hash = '#tensor=' + encodeURIComponent({name!r})".replace(
                "\\\\", "\\\\"
            )
        )
        tab.wait("!document.querySelector('#detail').hidden")
        tab.settle()
        assert text_of(tab, "#detail h2") == name
        tab.press("Escape")
    tab.run("location.hash = '#tensor=%FF'")
    tab.settle()


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("page", ["show", "diff", "tensor"])
def test_a_page_fits_its_window_and_keeps_still(tab, pages, page, size, tmp_path):
    shots = Path(os.environ.get("FASTCKPT_SCREENSHOTS") or tmp_path)
    name = "model/layer_1/part_2/kernel"
    for scheme in ("light", "dark"):
        tab.look(*size, scheme)
        tab.open(pages / f"{page}.html")
        width = tab.run("document.documentElement.scrollWidth")
        assert width <= size[0]
        tab.shoot(shots / f"{page}-{size[0]}-{scheme}.png")
        if page != "tensor":
            before = boxes(tab)
            search(tab, "layer_1")
            tab.run("document.querySelector('#table').scrollTop = 900")
            tab.settle()
            assert boxes(tab) == before
            tab.run(f"location.hash = '#tensor={name.replace('/', '%2F')}'")
            tab.wait("!document.querySelector('#detail').hidden")
            assert boxes(tab) == before
            assert tab.run("document.documentElement.scrollWidth") <= size[0]
            tab.shoot(shots / f"{page}-{size[0]}-{scheme}-detail.png")
            tab.press("Escape")
            tab.run("document.querySelector('#tab-scopes').click()")
            tab.shoot(shots / f"{page}-{size[0]}-{scheme}-scopes.png")
    assert contrast(tab) >= 4.5


def boxes(tab):
    """Where what is to keep still is."""
    return tab.run(
        "['header', '#search', '#table', '.bar'].map((it) => { const box = "
        "document.querySelector(it).getBoundingClientRect();"
        " return [box.left, box.top, box.width, box.height]; })"
    )


def contrast(tab):
    """The contrast of the faint text to the paper, as WCAG 2 defines it."""
    return tab.run("""(() => {
        const style = getComputedStyle(document.documentElement);
        const light = (name) => {
            const text = style.getPropertyValue(name).trim().slice(1);
            const hex = text.length === 3 ? text.replace(/./g, '$&$&') : text;
            const [r, g, b] = [0, 2, 4].map((at) => {
                const part = parseInt(hex.slice(at, at + 2), 16) / 255;
                return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
            });
            return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
        };
        const [one, two] = [light('--faint'), light('--paper')];
        return Math.max(one, two) / Math.min(one, two);
    })()""")


def test_more_rows_than_a_browser_lays_out_are_all_reached(tab, tmp_path):
    names = [f"w{i:06d}" for i in range(250_000)]
    columns = dict.fromkeys(
        ["shard", "offset", "size", "spread", *_MOMENTS], [None] * len(names)
    )
    zeros = {"dtype": [0] * len(names), "shape": [0] * len(names), "note": {}}
    about = {"kind": "checkpoint", "dtypes": ["float32"], "shapes": [[3]]}
    parts = [
        *format_shell(About("many", [], []), "Tensors"),
        embed_rows({**pack_names(names), **columns, **zeros}),
        embed("about", {**about, "count": len(names)}),
        run_script(),
    ]
    write_page(str(tmp_path / "page.html"), "many", "data", parts)
    tab.look(*NARROW)
    tab.open(tmp_path / "page.html")
    for share in (0.25, 0.5, 1):
        tab.run(
            "(() => { const it = document.querySelector('#table');"
            f" it.scrollTop = (it.scrollHeight - it.clientHeight) * {share}; }})()"
        )
        tab.settle()
        seen = names_in_sight(tab)
        assert len(seen) > 8
        first = names.index(seen[0])
        assert seen == names[first : first + len(seen)]
        assert first / len(names) == pytest.approx(share, abs=0.001)
    assert seen[-1] == names[-1]
    tab.run("document.querySelector('.rows a').focus({ preventScroll: true })")
    tab.press("Home")
    assert tab.run("document.activeElement.title") == names[0]
    for name in names[1:4]:
        tab.press("ArrowDown")
        assert tab.run("document.activeElement.title") == name


def test_what_a_screen_reader_is_told(tab, pages):
    tab.open(pages / "show.html")
    nodes = tab.call("Accessibility.getFullAXTree")["nodes"]
    told = {
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in nodes
        if not node["ignored"]
    }
    roles = {role for role, _ in told}
    assert {"table", "row", "cell", "columnheader", "tablist", "searchbox"} <= roles
    assert ("tab", "Scopes") in told
    assert ("columnheader", "Mean") in told
    assert ("searchbox", "Search Tensors by name") in told
    unnamed = [role for role, name in told if role == "button" and not name]
    assert unnamed == []
