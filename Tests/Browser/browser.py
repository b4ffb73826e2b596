# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium on the pages of a `darkroom serve`, and what tests of them have in common."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "Scripts"))

from darkroom_service import Server  # noqa: E402

ARTIFACTS = HERE / "artifacts"
DARKROOM = os.environ["DARKROOM"]
PATIENCE = 120


def open_browser():
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for argument in ["--headless=new", "--window-size=1440,1100", "--lang=en-GB", "--force-device-scale-factor=1"]:
        options.add_argument(argument)
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))


class BrowserTestCase(unittest.TestCase):
    """One server and one browser for the tests of a class; each test begins with an empty browser.

    A test fails if the page logs anything: an error, a warning, a violation of the content security policy.
    """

    server_options = []

    @classmethod
    def setUpClass(cls):
        ARTIFACTS.mkdir(exist_ok=True)
        cls.server = Server(DARKROOM, *cls.server_options).start()
        cls.addClassCleanup(cls.stop_server)
        cls.base = f"http://127.0.0.1:{cls.server.port}"
        cls.browser = open_browser()
        cls.addClassCleanup(cls.browser.quit)

    @classmethod
    def stop_server(cls):
        cls.server.stop()
        shutil.rmtree(cls.server.directory)

    def setUp(self):
        self.browser.execute_cdp_cmd("Storage.clearDataForOrigin", {"origin": self.base, "storageTypes": "all"})
        self.browser.get_log("browser")
        # Answers that are errors, which the browser logs by itself.
        self.expected_statuses = set()
        # Whether the server is to go away, of which the browser logs that it could not be reached.
        self.expects_lost_connections = False

    def tearDown(self):
        logged = [entry["message"] for entry in self.browser.get_log("browser")]
        expected = "status of (%s) " % "|".join(map(str, self.expected_statuses or {"none"}))
        if self.expects_lost_connections:
            expected += "|net::ERR_"
        self.assertEqual([message for message in logged if not re.search(expected, message)], [])

    # Doing.

    def find(self, selector):
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def find_all(self, selector):
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def click(self, selector):
        element = self.wait(lambda: self.visible(selector))
        self.browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def enter(self, selector, text):
        element = self.find(selector)
        element.clear()
        element.send_keys(str(text))

    def choose(self, selector, text):
        Select(self.find(selector)).select_by_visible_text(text)

    def wait(self, condition, seconds=PATIENCE):
        # Pages replace what changes while it is looked at.
        ignored = [StaleElementReferenceException]
        return WebDriverWait(self.browser, seconds, 0.05, ignored).until(lambda _: condition())

    def visible(self, selector):
        """The first element that can be seen, or None."""
        return next((element for element in self.find_all(selector) if element.is_displayed()), None)

    def text(self, selector):
        return self.find(selector).text

    def screenshot(self, name):
        """Keeps a picture of the whole page for people to look at."""
        height = self.browser.execute_script("return document.documentElement.scrollHeight")
        width = self.browser.execute_script("return document.documentElement.clientWidth")
        metrics = {"width": width, "height": min(height, 4000), "deviceScaleFactor": 1, "mobile": False}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        self.browser.save_screenshot(str(ARTIFACTS / f"{name}.png"))
        self.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

    def set_media(self, **features):
        values = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": values})
        self.addCleanup(self.browser.execute_cdp_cmd, "Emulation.setEmulatedMedia", {"features": []})

    def set_width(self, width, height=844):
        size = self.browser.get_window_size()
        self.addCleanup(self.browser.set_window_size, size["width"], size["height"])
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": True}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        self.addCleanup(self.browser.execute_cdp_cmd, "Emulation.clearDeviceMetricsOverride", {})

    def command(self, *arguments):
        """What `darkroom` prints."""
        return subprocess.run([DARKROOM, *arguments], check=True, capture_output=True, text=True).stdout.strip()

    def make_key(self, scopes, account="default"):
        return self.command(
            "keys", "create", "--database", self.server.database, "--scopes", scopes, "--account", account)

    # The playground.

    def open_playground(self):
        self.browser.get(f"{self.base}/")
        self.wait(lambda: self.find_all("html[data-ready]"))

    def sign_in(self):
        """Enters the key that the server printed."""
        self.wait(lambda: self.visible("#key"))
        self.enter("#key", self.server.key)
        self.click("#key-form [type=submit]")
        self.wait(lambda: not self.visible("#key-dialog"))

    def ask_for(self, prompt="a red apple on a table", width=256, height=256, steps=4, **fields):
        """Fills in the form."""
        self.enter("#prompt", prompt)
        self.enter("#img_width", width)
        self.enter("#img_height", height)
        self.enter("#num_inference_steps", steps)
        for name, value in fields.items():
            self.enter(f"#{name}", value)

    def generate(self, **fields):
        """Has a picture made and waits for it."""
        before = len(self.find_all("#gallery li"))
        self.ask_for(**fields)
        self.click("#generate")
        count = int(fields.get("samples", 1))
        self.wait(lambda: len(self.find_all("#gallery li")) == before + count)
        self.wait(lambda: self.find("#generate").is_enabled())

    def shown_size(self):
        """The size of the picture that is shown, in its own pixels."""
        return tuple(self.browser.execute_async_script("""
            const [done] = arguments;
            const picture = document.querySelector("#easel > .picture");
            picture.decode().then(() => done([picture.naturalWidth, picture.naturalHeight]));
        """))
