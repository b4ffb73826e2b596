# SPDX-License-Identifier: Apache-2.0
"""How the pages look: on a phone, in the dark, to those who do not see them."""

from browser import HERE, BrowserTestCase

AUDIT = (HERE / "audit.js").read_text()


class LayoutTests(BrowserTestCase):
    server_options = ["--auth", "none"]

    def pages(self):
        """Opens one page after the other, with something on each, in every state it has."""
        self.open_playground()
        self.generate(prompt="calico cat wearing a cosmonaut suit, pixar style", width=512, height=512, steps=25, seed=1)
        self.generate(prompt="a lighthouse at dusk", width=448, height=640, steps=20, seed=2)
        for group in self.find_all("summary"):
            self.browser.execute_script("arguments[0].parentElement.open = true", group)
        yield "playground"
        self.click("#tab-code")
        yield "playground-code"
        self.browser.get(f"{self.base}/admin")
        self.wait(lambda: self.find_all("#tiles dd") and self.find_all("#keys tbody"))
        yield "admin"

    def test_nothing_is_wider_than_a_phone(self):
        self.set_width(360)
        for page in self.pages():
            width = self.browser.execute_script("return document.documentElement.scrollWidth")
            self.assertLessEqual(width, 360, page)
            self.screenshot_phone(page)

    def screenshot_phone(self, page):
        self.browser.save_screenshot(str(HERE / "artifacts" / f"{page}-phone.png"))

    def test_every_text_can_be_read_in_the_light(self):
        # Without motion, so that no colour is on its way to another.
        self.set_media(prefers_color_scheme="light", prefers_reduced_motion="reduce")
        for page in self.pages():
            self.assertEqual(self.browser.execute_script(AUDIT), [], page)
            self.screenshot(f"{page}-light")

    def test_every_text_can_be_read_in_the_dark(self):
        self.set_media(prefers_color_scheme="dark", prefers_reduced_motion="reduce")
        for page in self.pages():
            self.assertEqual(self.browser.execute_script(AUDIT), [], page)
            background = self.browser.execute_script("return getComputedStyle(document.body).backgroundColor")
            self.assertLess(max(int(part) for part in background[4:-1].split(",")), 64, page)
            self.screenshot(f"{page}-dark")

    def test_every_control_has_a_name(self):
        for page in self.pages():
            for control in self.find_all("button, input, select, textarea, [role=tab], summary, progress"):
                if control.is_displayed():
                    self.assertTrue(control.accessible_name, f"{page}: {control.get_attribute('outerHTML')}")

    def test_nothing_moves_for_those_who_want_no_motion(self):
        self.set_media(prefers_reduced_motion="reduce")
        for page in self.pages():
            moving = self.browser.execute_script("""
                return [...document.querySelectorAll("*")].filter((node) => {
                  const style = getComputedStyle(node);
                  return style.animationName !== "none" || parseFloat(style.transitionDuration) > 0;
                }).map((node) => node.tagName);
            """)
            self.assertEqual(moving, [], page)
