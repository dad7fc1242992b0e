#!/usr/bin/env python3
"""Opens a page of `wav2vec check --html` in Chromium and uses it as a person would, with mouse and keys.

    open_check_page.py PAGE [--no-media]              tries everything; --no-media: it has nothing to play
    open_check_page.py PAGE --picture PNG [--dark] [--size 1280x900] [--keys nnn]

Ends with 0 when all is well, 77 (skipped) when Chromium is missing.
"""
import argparse
import base64
import fcntl
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

PATIENCE_SECONDS = 60


class Browser:
    """Chromium's debugging protocol through a pair of pipes: JSON, a NUL behind each message."""

    def __init__(self, program, profile):
        to_browser, from_us = self.pipe()
        from_browser, to_us = self.pipe()
        # It reads 3 and writes 4.
        begin = f"import os, sys; os.dup2({to_browser}, 3); os.dup2({to_us}, 4); os.execv(sys.argv[1], sys.argv[1:])"
        self.process = subprocess.Popen(
            [sys.executable, "-c", begin, program, "--headless", "--no-sandbox",
             "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run",
             "--disable-background-networking", f"--user-data-dir={profile}", "--remote-debugging-pipe",
             "about:blank"],
            pass_fds=(to_browser, to_us), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        os.close(to_browser)
        os.close(to_us)
        self.output = os.fdopen(from_us, "wb", buffering=0)
        self.input = os.fdopen(from_browser, "rb", buffering=0)
        self.pending = b""
        self.events = []
        self.count = 0
        self.session = None

    @staticmethod
    def pipe():
        """With numbers that are not 3 or 4."""
        ends = os.pipe()
        high = [fcntl.fcntl(end, fcntl.F_DUPFD, 20) for end in ends]
        for end in ends:
            os.close(end)
        return high

    def close(self):
        self.output.close()
        self.process.terminate()
        self.process.wait()

    def receive(self):
        while b"\0" not in self.pending:
            more = self.input.read(1 << 16)
            assert more, "Chromium has gone"
            self.pending += more
        message, self.pending = self.pending.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **params):
        self.count += 1
        message = {"id": self.count, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        self.output.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == self.count:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]
            self.events.append(answer)

    def open(self, address, size, dark):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")
        self.call("Emulation.setDeviceMetricsOverride", width=size[0], height=size[1], deviceScaleFactor=1,
                  mobile=False)
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.call("Page.navigate", url=address)
        self.wait("document.readyState === 'complete' && document.querySelectorAll('#body tr').length > 0")

    def evaluate(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, (expression, answer["exceptionDetails"])
        return answer["result"].get("value")

    def wait(self, expression):
        until = time.monotonic() + PATIENCE_SECONDS
        while not self.evaluate(expression):
            assert time.monotonic() < until, f"never true: {expression}"
            time.sleep(0.02)

    def settle(self):
        """Until what was asked for is drawn."""
        self.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))")

    def key(self, key, shift=False):
        text = key if len(key) == 1 else None
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, modifiers=8 if shift else 0,
                      **({"text": text} if text and kind == "keyDown" else {}))
        self.settle()

    def type(self, text):
        self.call("Input.insertText", text=text)
        self.settle()

    def place(self, selector):
        return self.evaluate(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
            "e.scrollIntoView({block: 'nearest'}); const b = e.getBoundingClientRect();"
            "return [b.left + b.width / 2, b.top + b.height / 2]; })()")

    def click(self, selector, right=0):
        x, y = self.place(selector)
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x + right, y=y, button="left", clickCount=1)
        self.settle()

    def drag(self, selector, right):
        x, y = self.place(selector)
        for kind, at in (("mousePressed", 0), ("mouseMoved", right / 2), ("mouseMoved", right),
                         ("mouseReleased", right)):
            self.call("Input.dispatchMouseEvent", type=kind, x=x + at, y=y, button="left", buttons=1,
                      clickCount=1)
        self.settle()

    def wheel(self, selector, down):
        x, y = self.place(selector)
        self.call("Input.dispatchMouseEvent", type="mouseWheel", x=x, y=y, deltaX=0, deltaY=down)
        self.settle()


def expect(what, found, wanted):
    assert found == wanted, f"{what}: {found!r}, expected {wanted!r}"


CURRENT = "Number((document.querySelector('#rows tr[aria-current]') || {dataset: {cue: -1}}).dataset.cue)"
SHOWN = "shown.length"


def is_problem(cue):
    return cue["band"] in ("wrong", "review") or any(r != "unscorable_text" for r in cue["reasons"])


def try_text(browser, report):
    """What was checked is text, wherever it stands."""
    expect("scripts", browser.evaluate("document.scripts.length"), 3)
    expect("what cues would make",
           browser.evaluate("document.querySelectorAll('img, iframe, object, embed, svg, link, a').length"), 0)
    expect("a script of a cue ran", browser.evaluate("typeof window.stolen"), "undefined")
    rows = browser.evaluate("[...document.querySelectorAll('#body .of-cue')].map((r) => "
                            "[Number(r.dataset.cue), r.children[5].title])")
    for index, text in rows:
        expect(f"text of cue {index + 1}", text, report["cues"][index]["text"])
    # Neither could one that got in.
    browser.evaluate("try { document.body.innerHTML = '<img src=x onerror=stolen=1>'; } catch {}")
    expect("markup is made of text", browser.evaluate("document.querySelectorAll('img').length"), 0)


def try_filters(browser, report):
    cues = report["cues"]
    for group, has in (("bands", lambda cue, key: cue["band"] == key),
                       ("reasons", lambda cue, key: key in cue["reasons"])):
        keys = browser.evaluate(f"[...document.querySelectorAll('#{group} .chip')].map((c) => c.dataset.key)")
        expect(f"{group} that can be chosen", set(keys),
               {c["band"] for c in cues} if group == "bands" else {r for c in cues for r in c["reasons"]})
        for key in keys:
            selector = f"#{group} .chip[data-key={key}]"
            wanted = sum(has(cue, key) for cue in cues)
            expect(f"number on {key}", browser.evaluate(f"document.querySelector('{selector} b').textContent"),
                   str(wanted))
            browser.click(selector)
            expect(f"pressed {key}", browser.evaluate(f"document.querySelector('{selector}').ariaPressed"), "true")
            expect(f"cues that are {key}", browser.evaluate(SHOWN), wanted)
            in_table = browser.evaluate("[...document.querySelectorAll('#body .of-cue')].map((r) => "
                                        "Number(r.dataset.cue))")
            assert in_table and all(has(cues[i], key) for i in in_table), (key, in_table)
            browser.click(selector)
            expect(f"cues without {key}", browser.evaluate(SHOWN), len(cues))
    word = next(w for cue in cues for w in re.findall("[A-Za-z]{3,}", cue["text"]))
    browser.key("/")
    browser.type(word)
    expect(f"cues with {word}", browser.evaluate(SHOWN),
           sum(word.lower() in cue["text"].lower() for cue in cues))
    browser.type("no such text")
    expect("cues with what nobody says", browser.evaluate(SHOWN), 0)
    browser.click("#reset")
    expect("all cues again", browser.evaluate(SHOWN), len(cues))


def try_keys(browser, report):
    problems = [i for i, cue in enumerate(report["cues"]) if is_problem(cue)]
    assert len(problems) > 2
    expect("the first problem is chosen", browser.evaluate(CURRENT), problems[0])
    some = problems[:8]
    for wanted in some[1:]:
        browser.key("n")
        expect("n", browser.evaluate(CURRENT), wanted)
        expect("text of the current cue", browser.evaluate("byId('cue-text').textContent"),
               report["cues"][wanted]["text"])
        at, width = browser.evaluate("[toX(placeOf(cues[current]).start), lanesWidth]")
        assert 0 < at < width, f"cue {wanted + 1} is not in sight: {at} of {width}"
    for wanted in some[-2::-1] + some[:1]:
        browser.key("p")
        expect("p", browser.evaluate(CURRENT), wanted)
    browser.evaluate(f"select({problems[-1]})")
    browser.key("n")
    expect("n behind the last", browser.evaluate(CURRENT), problems[-1])
    browser.evaluate(f"select({problems[0]})")
    here = problems[0]
    for key, wanted in (("j", here + 1), ("ArrowDown", here + 2), ("k", here + 1), ("ArrowUp", here)):
        browser.key(key)
        expect(key, browser.evaluate(CURRENT), wanted)


def try_timeline(browser):
    length = "view.to - view.from"
    before = browser.evaluate(length)
    browser.wheel("#lanes", -200)
    nearer = browser.evaluate(length)
    assert nearer < before, (nearer, before)
    browser.key("-")
    assert browser.evaluate(length) > nearer
    browser.click("#whole")
    whole = browser.evaluate(length)
    assert whole >= browser.evaluate("report.media.duration_s"), whole
    for _ in range(4):
        browser.click("#zoom-in")
    start = browser.evaluate("view.from")
    browser.drag("#lanes", -120)
    assert browser.evaluate("view.from") > start
    start = browser.evaluate("view.from")
    browser.key("ArrowLeft")
    assert browser.evaluate("view.from") < start
    # A bar that is clicked is the current cue.
    browser.evaluate("moveView(cues[0].start_s - 1, cues[0].start_s + 19)")
    browser.settle()
    cue = browser.evaluate("current")
    x, y, other = browser.evaluate(
        "(() => { const lane = LANES[0], item = lane.items.find((i) => i.i !== current && toX(i.end) > GUTTER + 20"
        " && toX(i.start) < lanesWidth - 20); const b = byId('lanes').getBoundingClientRect();"
        " return [b.left + (Math.max(toX(item.start), GUTTER) + Math.min(toX(item.end), lanesWidth)) / 2,"
        " b.top + laneTop(0) + 8, item.i]; })()")
    for kind in ("mousePressed", "mouseReleased"):
        browser.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
    browser.settle()
    assert cue != other, cue
    expect("the bar that was clicked", browser.evaluate("current"), other)
    # Something is drawn in each canvas.
    for canvas in ("drift", "overview", "lanes"):
        drawn = browser.evaluate(f"(() => {{ const c = byId('{canvas}'); return new Set(new Uint32Array("
                                 "c.getContext('2d').getImageData(0, 0, c.width, c.height).data.buffer)).size; })()")
        assert drawn > 3, f"{canvas} has {drawn} colours"


def try_playing(browser):
    browser.wait("playable")
    browser.click("#rows thead")
    browser.evaluate("select(cues.findIndex((c) => c.band !== 'not_scored')), byId('rows').focus()")
    browser.key(" ")
    browser.wait("!player.paused")
    browser.wait("player.currentTime > placeOf(cues[current]).start")
    browser.key(" ")
    browser.wait("player.paused")
    # It stops by itself behind the cue.
    browser.evaluate("player.playbackRate = 4, byId('speed').add(new Option('4', '4', true, true))")
    browser.key(" ")
    browser.wait("!player.paused")
    browser.wait("player.paused")
    after = browser.evaluate("player.currentTime - placeOf(cues[current]).end")
    assert -0.5 < after < 2.5, after
    expect("no notice", browser.evaluate("byId('notice').hidden"), True)


def try_without_media(browser, folder):
    browser.wait("!byId('notice').hidden")
    # The reader opens the file instead.
    document = browser.call("DOM.getDocument")["root"]["nodeId"]
    chooser = browser.call("DOM.querySelector", nodeId=document, selector="#file")["nodeId"]
    browser.call("DOM.setFileInputFiles", nodeId=chooser, files=[str(folder / "media.wav")])
    try_playing(browser)


def try_requests(browser, page):
    """Nothing but the page and what lies beside it."""
    folder = page.parent.as_uri() + "/"
    wanted = [e["params"]["request"]["url"] for e in browser.events if e["method"] == "Network.requestWillBeSent"]
    assert page.as_uri() in wanted, wanted
    for address in wanted:
        assert address.startswith((folder, "blob:null/", "blob:file:")), f"asked for {address}"


def complaints(browser):
    found = []
    for event in browser.events:
        if event["method"] in ("Runtime.exceptionThrown", "Runtime.consoleAPICalled"):
            found.append(event["params"])
        elif event["method"] == "Log.entryAdded" and event["params"]["entry"]["level"] in ("warning", "error"):
            found.append(event["params"]["entry"]["text"])
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("page", type=pathlib.Path)
    parser.add_argument("--no-media", action="store_true")
    parser.add_argument("--picture", type=pathlib.Path)
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--size", default="1280x900")
    parser.add_argument("--keys", default="")
    options = parser.parse_args()
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        print("SKIPPED: chromium is missing")
        return 77
    page = options.page.resolve()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(program, profile)
        try:
            browser.open(page.as_uri(), [int(v) for v in options.size.split("x")], options.dark)
            browser.settle()
            if options.picture:
                for key in options.keys:
                    browser.key(key)
                time.sleep(0.5)
                picture = browser.call("Page.captureScreenshot", format="png")["data"]
                options.picture.write_bytes(base64.b64decode(picture))
                print(complaints(browser))
                return 0
            report = json.loads(browser.evaluate("byId('report').textContent"))
            in_table = browser.evaluate("byId('body').rows.length")
            assert in_table < 60, f"{in_table} rows are made, though few are in sight"
            try_keys(browser, report)
            try_filters(browser, report)
            try_timeline(browser)
            if options.no_media:
                try_without_media(browser, page.parent)
            else:
                try_playing(browser)
                expect("complaints", complaints(browser), [])
            try_text(browser, report)
            try_requests(browser, page)
        finally:
            browser.close()
    print(f"{page.name}: all is well, {len(report['cues'])} cues")
    return 0


if __name__ == "__main__":
    sys.exit(main())
