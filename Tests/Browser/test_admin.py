# SPDX-License-Identifier: Apache-2.0
"""What operators do on their page."""

import requests

from selenium.webdriver.support.ui import Select

from browser import BrowserTestCase


class AdminTests(BrowserTestCase):
    def open_admin(self, key):
        self.browser.get(f"{self.base}/admin")
        self.wait(lambda: self.visible("#key"))
        self.enter("#key", key)
        self.click("#sign-in [type=submit]")

    def tile(self, term):
        """The number above these words, read at once."""
        return self.browser.execute_script("""
            const tiles = [...document.querySelectorAll("#tiles > div")];
            const tile = tiles.find((tile) => tile.querySelector("dt").textContent === arguments[0]);
            return tile?.querySelector("dd").textContent ?? null;
        """, term)

    def row(self, table, text):
        return next((row for row in self.find_all(f"#{table} tbody tr") if text in row.text), None)

    def test_the_numbers_follow_what_happens(self):
        self.open_admin(self.make_key("admin"))
        self.wait(lambda: self.tile("completed") is not None)
        before = int(self.tile("completed"))
        answer = requests.post(f"{self.base}/v1/sd2.1-txt2img", headers={"x-api-key": self.server.key},
                               json={"num_inference_steps": 2, "img_width": 256, "img_height": 256}, timeout=300)
        self.assertEqual(answer.status_code, 200)
        self.wait(lambda: int(self.tile("completed")) == before + 1)
        self.assertIn("requests were finished", self.find("#throughput svg").get_attribute("aria-label"))
        self.assertGreaterEqual(len(self.find_all("#throughput .done")), 1)
        self.screenshot("admin")

    def test_a_key_is_made_used_and_revoked(self):
        self.open_admin(self.make_key("admin"))
        self.wait(lambda: self.visible("#key-account"))
        self.enter("#key-account", "studio")
        self.enter("#key-rate", 30)
        self.click("#create-key [type=submit]")
        key = self.wait(lambda: self.visible("#new-key-text")).text
        self.wait(lambda: self.row("keys", "studio"))
        self.screenshot("admin-key")
        Select(self.find("#grant-account")).select_by_visible_text("studio")
        self.enter("#grant-amount", "2.5")
        self.click("#grant [type=submit]")
        self.wait(lambda: "2.5" in self.row("accounts", "studio").text)
        credits = lambda: requests.get(f"{self.base}/v1/get-user-credits", headers={"x-api-key": key}, timeout=60)
        self.assertEqual(credits().json()["credits"], 2.5)
        self.row("keys", "studio").find_element("css selector", "button").click()
        self.click("#revoke-dialog [value=yes]")
        self.wait(lambda: "revoked" in self.row("keys", "studio").text)
        self.assertEqual(credits().status_code, 403)

    def test_what_the_server_refuses_is_said_at_its_field(self):
        self.expected_statuses = {400}
        self.open_admin(self.make_key("admin"))
        self.wait(lambda: self.visible("#key-account"))
        self.enter("#key-account", "no such name!")
        self.click("#create-key [type=submit]")
        self.assertIn("letters", self.wait(lambda: self.visible("#account-error")).text)
        self.click("#grant [type=submit]")
        self.assertIn("not 0", self.wait(lambda: self.visible("#amount-error")).text)

    def test_other_keys_do_not_open_it(self):
        self.expected_statuses = {401, 403}
        for key, reason in [(self.server.key, "scope"), ("dk_wrong", "not valid")]:
            self.open_admin(key)
            self.wait(lambda: reason in self.text("#key-error"))
            self.assertIsNone(self.visible("#content"))
