"""A headless Chromium, driven by W3C WebDriver through chromedriver; with the standard library alone."""
import base64
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import urllib.error
import urllib.request

ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync",
             "--disable-dev-shm-usage", "--hide-scrollbars"]


def programs():
    """Paths of Chromium and of its driver; None for one that is not there."""
    return (shutil.which("chromium") or shutil.which("google-chrome"), shutil.which("chromedriver"))


class Browser:
    """One browser with an empty profile. Use as a context: on leaving it no process and no file is left."""

    def __enter__(self):
        chromium, driver = programs()
        self.profile = tempfile.mkdtemp(prefix="quorate-page-browser.")
        # A group of its own, so that it ends with all its children. Port 0: the driver chooses and says which.
        self.driver = subprocess.Popen([driver, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                       text=True, start_new_session=True)
        self.session = None
        try:
            port = next(m.group(1) for m in map(re.compile(r"successfully on port (\d+)").search, self.driver.stdout) if m)
            self.base = f"http://127.0.0.1:{port}"
            options = {"binary": chromium, "args": ARGUMENTS + [f"--user-data-dir={self.profile}"]}
            wanted = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
            answer = self.call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
            self.session = answer["sessionId"]
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.session:
            try:
                self.call("DELETE", f"/session/{self.session}")
            except (OSError, RuntimeError):
                pass
        try:
            os.killpg(self.driver.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.driver.wait()
        self.driver.stdout.close()
        shutil.rmtree(self.profile, ignore_errors=True)

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)
        # Never through a proxy of the environment.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{method} {path}: {error.read().decode()[:500]}") from error

    def of_session(self, method, path, body=None):
        return self.call(method, f"/session/{self.session}/{path}", body)

    def protocol(self, command, **parameters):
        return self.of_session("POST", "goog/cdp/execute", {"cmd": command, "params": parameters})

    def show(self, address, width, dark):
        """Opens a page as a screen so wide, in that colour scheme, sees it."""
        self.protocol("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1,
                      mobile=width < 600)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.protocol("Emulation.setEmulatedMedia", features=[scheme])
        self.of_session("POST", "url", {"url": address})

    def run(self, script):
        return self.of_session("POST", "execute/sync", {"script": script, "args": []})

    def console(self):
        return self.of_session("POST", "se/log", {"type": "browser"})

    def screenshot(self, whole=False):
        """PNG bytes, of the window or of the whole page."""
        answer = self.protocol("Page.captureScreenshot", format="png", captureBeyondViewport=whole,
                               **({"clip": self.page_box()} if whole else {}))
        return base64.b64decode(answer["data"])

    def page_box(self):
        size = self.protocol("Page.getLayoutMetrics")["cssContentSize"]
        return {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
