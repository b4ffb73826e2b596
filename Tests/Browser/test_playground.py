# SPDX-License-Identifier: Apache-2.0
"""What people do on the playground."""

import base64
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import urllib.request

from selenium.webdriver.common.keys import Keys

from browser import DARKROOM, HERE, BrowserTestCase

REFERENCE = HERE.parent.parent / "docs/calico-cosmonaut.jpg"


class PlaygroundTests(BrowserTestCase):
    def setUp(self):
        super().setUp()
        self.open_playground()
        self.sign_in()

    def test_a_picture_is_made_and_shown_with_its_seed(self):
        self.generate(width=320, height=256, seed=17123564234)
        self.assertEqual(self.shown_size(), (320, 256))
        self.assertIn("17123564234", self.text("#details"))
        self.assertEqual(self.find("#easel > .picture").get_attribute("alt"), "a red apple on a table")
        self.assertIn("credits left", self.text("#credits"))

    def test_progress_is_shown_while_a_picture_is_made(self):
        self.ask_for(width=512, height=512, steps=150)
        self.click("#generate")
        self.wait(lambda: "Step" in self.text("#progress-text") and "left" in self.text("#progress-text"))
        self.assertGreater(float(self.find("#progress-bar").get_attribute("value")), 0)
        self.wait(lambda: self.visible("#easel > .sketch"))
        self.screenshot("playground-progress")
        self.click("#cancel")
        self.wait(lambda: self.find("#generate").is_enabled())

    def test_a_request_is_cancelled(self):
        self.ask_for(width=1024, height=1024, steps=150)
        self.click("#generate")
        self.wait(lambda: self.visible("#progress"))
        self.click("#cancel")
        self.wait(lambda: "Cancelled" in self.text("#easel"))
        self.assertTrue(self.find("#generate").is_enabled())
        self.assertEqual(self.find_all("#gallery li"), [])

    def test_an_error_is_shown_at_the_field_it_names(self):
        self.expected_statuses = {400}
        self.ask_for(width=261)
        self.click("#generate")
        error = self.wait(lambda: self.visible("#img_width-error"))
        self.assertIn("multiple of 8", error.text)
        field = self.find("#img_width")
        self.assertEqual(field.get_attribute("aria-invalid"), "true")
        self.assertIn("img_width-error", field.get_attribute("aria-describedby"))
        self.assertEqual(self.browser.switch_to.active_element, field)
        self.screenshot("playground-error")
        self.enter("#img_width", 256)
        self.assertIsNone(self.visible("#img_width-error"))

    def test_an_error_in_a_closed_part_of_the_form_opens_it(self):
        self.expected_statuses = {400}
        self.click("#more summary")
        self.enter("#quality", 101)
        self.click("#more summary")
        self.click("#generate")
        self.assertIn("100", self.wait(lambda: self.visible("#quality-error")).text)

    def test_history_is_there_after_a_reload_and_its_fields_can_be_used_again(self):
        self.generate(prompt="a blue boat", width=256, height=320, steps=5, guidance_scale=6, seed=9)
        self.generate(prompt="a green hill", width=256, height=256, steps=4)
        self.open_playground()
        self.assertEqual(len(self.find_all("#gallery li")), 2)
        self.assertEqual(self.find("#num_inference_steps").get_attribute("value"), "25")
        self.find_all("#gallery button")[1].click()
        self.assertEqual(self.shown_size(), (256, 320))
        self.click("#reuse")
        values = {name: self.find(f"#{name}").get_attribute("value")
                  for name in ["prompt", "img_height", "num_inference_steps", "guidance_scale", "seed"]}
        self.assertEqual(values, {"prompt": "a blue boat", "img_height": "320", "num_inference_steps": "5",
                                  "guidance_scale": "6", "seed": "9"})
        # The same fields and seed make the same bytes.
        self.click("#generate")
        self.wait(lambda: len(self.find_all("#gallery li")) == 3)
        same = self.browser.execute_async_script("""
            const [done] = arguments;
            const entries = new Promise((resolve) => {
              const request = indexedDB.open("darkroom");
              request.onsuccess = () => {
                const all = request.result.transaction("pictures").objectStore("pictures").index("created").getAll();
                all.onsuccess = () => resolve(all.result);
              };
            });
            entries.then(async (entries) => {
              const [first, , third] = await Promise.all(entries.map((entry) => entry.blob.arrayBuffer()));
              const [a, b] = [new Uint8Array(first), new Uint8Array(third)];
              done(a.length === b.length && a.every((byte, index) => byte === b[index]));
            });
        """)
        self.assertTrue(same)

    def test_a_picture_is_deleted_from_the_history(self):
        self.generate()
        self.click("#delete-picture")
        self.click("#confirm-yes")
        self.wait(lambda: not self.find_all("#gallery li"))
        self.open_playground()
        self.assertEqual(self.find_all("#gallery li"), [])

    def test_two_pictures_are_compared(self):
        self.generate(prompt="a red apple", steps=4, seed=1)
        self.generate(prompt="a red apple", steps=8, seed=1)
        self.click("#compare")
        for choice in self.find_all("#gallery button"):
            choice.click()
        self.wait(lambda: self.visible("#compare-dialog"))
        self.assertEqual(len(self.find_all("#compared img")), 2)
        different = [row.text.split()[0] for row in self.find_all("#differences .differs")]
        self.assertIn("Steps", different)
        self.assertNotIn("Seed", different)
        self.screenshot("playground-compare")
        self.click("#close-compare")

    def test_several_pictures_of_one_request_are_all_kept(self):
        self.generate(samples=3, seed=40)
        self.assertEqual(len(self.find_all(".strip button")), 3)
        self.find_all(".strip button")[2].click()
        self.assertIn("42", self.text("#details"))

    def test_a_reference_picture_is_changed(self):
        self.click("#reference summary")
        self.assertIsNone(self.visible("#strength"))
        self.find("#reference-file").send_keys(str(REFERENCE))
        self.wait(lambda: self.visible("#strength"))
        self.assertEqual(self.find("#strength").get_attribute("value"), "0.6")
        self.generate(prompt="a calico cat", steps=6)
        self.assertIn("Strength", self.text("#details"))
        self.screenshot("playground-reference")
        self.click("#tab-code")
        self.assertIn("sd2.1-img2img", self.text("#code"))
        self.assertIn(REFERENCE.name, self.text("#code"))

    def give_file(self, how):
        """Drops or pastes the reference picture: a real file in the events that a browser makes of it."""
        data = base64.b64encode(REFERENCE.read_bytes()).decode()
        self.browser.execute_script("""
            const [how, data] = arguments;
            const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
            const files = new DataTransfer();
            files.items.add(new File([bytes], "given.jpg", { type: "image/jpeg" }));
            if (how === "paste") {
              document.body.dispatchEvent(
                new ClipboardEvent("paste", { clipboardData: files, bubbles: true, cancelable: true }));
            } else {
              for (const name of ["dragenter", "dragover", "drop"]) {
                document.querySelector("#reference").dispatchEvent(
                  new DragEvent(name, { dataTransfer: files, bubbles: true, cancelable: true }));
              }
            }
        """, how, data)

    def test_a_reference_picture_is_dropped_or_pasted(self):
        for how in ["drop", "paste"]:
            with self.subTest(how):
                self.give_file(how)
                self.wait(lambda: self.visible("#reference-preview"))
                self.assertEqual(self.text("#reference-name"), "given.jpg")
                self.assertEqual(self.find("#strength").get_attribute("value"), "0.6")
                self.assertEqual(self.find_all(".dropping"), [])
                self.click("#tab-code")
                self.assertIn("sd2.1-img2img", self.text("#code"))
                self.click("#reference-clear")
                self.assertIsNone(self.visible("#strength"))
        self.give_file("paste")
        self.generate(prompt="a calico cat", steps=4)
        self.assertIn("Strength", self.text("#details"))

    def test_a_reload_goes_on_with_what_is_being_made(self):
        self.click("#reference summary")
        self.find("#reference-file").send_keys(str(REFERENCE))
        self.wait(lambda: self.visible("#reference-preview"))
        self.ask_for(prompt="a patient cat", width=512, height=512, steps=150)
        self.click("#generate")
        self.wait(lambda: "Step" in self.text("#progress-text"))
        self.open_playground()
        self.wait(lambda: "Step" in self.text("#progress-text"))
        self.assertFalse(self.find("#generate").is_enabled())
        self.assertEqual(self.find("#prompt").get_attribute("value"), "a patient cat")
        self.assertTrue(self.visible("#reference-preview"))
        self.screenshot("playground-resumed")
        self.wait(lambda: len(self.find_all("#gallery li")) == 1)
        self.wait(lambda: self.find("#generate").is_enabled())
        self.assertIn("150", self.text("#details"))
        # What is over is not followed again, and is in the history once.
        self.open_playground()
        self.assertTrue(self.find("#generate").is_enabled())
        self.assertEqual(len(self.find_all("#gallery li")), 1)

    def test_a_reload_shows_what_was_made_meanwhile(self):
        self.ask_for(prompt="a quick cat", width=512, height=512, steps=60)
        self.click("#generate")
        self.wait(lambda: "Step" in self.text("#progress-text"))
        self.browser.get("about:blank")
        self.wait(lambda: json.load(urllib.request.urlopen(f"{self.base}/health"))["running"] == 0)
        self.open_playground()
        self.wait(lambda: len(self.find_all("#gallery li")) == 1)
        self.assertIn("a quick cat", self.text("#details"))

    def test_what_is_being_made_can_be_cancelled_after_a_reload(self):
        self.ask_for(width=1024, height=1024, steps=150)
        self.click("#generate")
        self.wait(lambda: "Step" in self.text("#progress-text"))
        self.open_playground()
        self.click("#cancel")
        self.wait(lambda: "Cancelled" in self.text("#easel"))
        self.open_playground()
        self.assertTrue(self.find("#generate").is_enabled())

    def test_the_seed_is_kept_when_it_is_locked(self):
        self.generate()
        first = self.find("#seed").get_attribute("value")
        self.assertEqual(self.find("#lock").get_attribute("aria-pressed"), "false")
        self.click("#lock")
        self.generate()
        self.assertEqual(self.find("#seed").get_attribute("value"), first)
        self.click("#dice")
        self.assertNotEqual(self.find("#seed").get_attribute("value"), first)

    def test_presets_set_the_size(self):
        for preset in self.find_all("#presets button"):
            preset.click()
            self.assertEqual(preset.get_attribute("aria-pressed"), "true")
            size = [self.find(f"#{name}").get_attribute("value") for name in ["img_width", "img_height"]]
            self.assertEqual(preset.get_attribute("title"), " × ".join(size))

    def test_the_keyboard_is_enough(self):
        prompt = self.find("#prompt")
        self.ask_for()
        prompt.send_keys(Keys.CONTROL, Keys.ENTER)
        self.wait(lambda: len(self.find_all("#gallery li")) == 1)
        tab = self.find("#tab-picture")
        tab.send_keys(Keys.ARROW_RIGHT)
        self.assertTrue(self.find("#panel-code").is_displayed())
        self.assertEqual(self.browser.switch_to.active_element, self.find("#tab-code"))

    def test_a_key_that_is_not_known_is_refused(self):
        self.expected_statuses = {401}
        self.click("#key-button")
        self.enter("#key", "dk_wrong")
        self.click("#key-form [type=submit]")
        self.assertIn("not valid", self.wait(lambda: self.visible("#key-error")).text)


class CodeTests(BrowserTestCase):
    """The code is run as it is pasted, by the programs it is for."""

    prompt = "it's a \"red\" apple, 100% $HOME \\(ripe)\nünder `trees`"

    def setUp(self):
        super().setUp()
        self.open_playground()
        self.sign_in()
        self.ask_for(prompt=self.prompt, width=256, height=320, steps=3, seed=17123564234)
        self.click("#tab-code")
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="darkroom-code-"))
        self.addCleanup(shutil.rmtree, self.directory)

    def code(self, language, with_key=True):
        if self.find("#with-key").is_selected() != with_key:
            self.click("#with-key")
        next(choice for choice in self.find_all("#languages button") if choice.text == language).click()
        return self.find("#code").get_attribute("textContent")

    def run_code(self, *command, code=None):
        subprocess.run(command, input=code, text=True, check=True, cwd=self.directory, timeout=300, capture_output=True)

    def check_picture(self):
        picture = (self.directory / "picture.jpeg").read_bytes()
        self.assertEqual(picture[:3], b"\xff\xd8\xff")
        # The file says how it was made: every character of the prompt has arrived.
        for text in [self.prompt, "Seed: 17123564234"]:
            self.assertTrue(text.encode("utf-16-be") in picture, text)

    def test_no_key_is_shown_unless_it_is_asked_for(self):
        for choice in self.find_all("#languages button"):
            code = self.code(choice.text, with_key=False)
            self.assertNotIn(self.server.key, code)
            self.assertIn("YOUR_API_KEY", code)
            self.assertIn(self.server.key, self.code(choice.text))
        self.screenshot("playground-code")

    def test_curl_makes_the_picture(self):
        self.run_code("bash", code=self.code("curl"))
        self.check_picture()

    def test_python_makes_the_picture(self):
        self.run_code(sys.executable, code=self.code("Python"))
        self.check_picture()

    def test_swift_makes_the_picture(self):
        (self.directory / "picture.swift").write_text(self.code("Swift"))
        self.run_code("swiftc", "picture.swift", "-o", "program")
        self.run_code("./program")
        self.check_picture()

    def test_a_reference_picture_is_sent_by_curl_and_python(self):
        (self.directory / REFERENCE.name).write_bytes(REFERENCE.read_bytes())
        self.click("#reference summary")
        self.find("#reference-file").send_keys(str(REFERENCE))
        for language, program in [("curl", "bash"), ("Python", sys.executable)]:
            self.run_code(program, code=self.code(language))
            self.check_picture()
            (self.directory / "picture.jpeg").unlink()

    def test_javascript_is_what_the_browser_understands(self):
        self.enter("#samples", 2)
        code = self.code("JavaScript")
        # Without pictures to write, it is the same to a browser as to Node.
        lines = [line for line in code.splitlines() if not line.startswith("for ")]
        answer = self.browser.execute_async_script(
            "const done = arguments[arguments.length - 1];"
            "(async () => {" + "\n".join(lines) + "\nreturn await response.json(); })().then(done, done);")
        self.assertEqual([image["seed"] for image in answer["images"]], [17123564234, 17123564235])


class QueueTests(BrowserTestCase):
    """No worker takes what waits, unless a test starts one."""

    server_options = ["--max-workers", "0"]

    def setUp(self):
        super().setUp()
        self.open_playground()
        self.sign_in()

    def submit(self):
        """A request that waits, from somebody else."""
        url = f"{self.base}/v2/sd2.1-txt2img"
        request = urllib.request.Request(url, b"{}", {"x-api-key": self.server.key, "Content-Type": "application/json"})
        answer = json.load(urllib.request.urlopen(request))
        self.addCleanup(self.cancel, answer["request_id"])
        return answer["request_id"]

    def cancel(self, id):
        url = f"{self.base}/v2/requests/{id}"
        urllib.request.urlopen(urllib.request.Request(url, headers={"x-api-key": self.server.key}, method="DELETE"))

    def test_the_place_in_the_queue_is_shown_and_moves_on(self):
        others = [self.submit(), self.submit()]
        self.ask_for()
        self.click("#generate")
        self.wait(lambda: "2 before this one" in self.text("#progress-text"))
        self.screenshot("playground-queue")
        self.cancel(others[0])
        self.wait(lambda: "1 before this one" in self.text("#progress-text"))
        self.cancel(others[1])
        self.wait(lambda: "Next in the queue" in self.text("#progress-text"))
        self.click("#cancel")
        self.wait(lambda: "Cancelled" in self.text("#easel"))

    def test_a_stream_that_breaks_is_taken_up_again(self):
        self.expects_lost_connections = True
        self.ask_for()
        self.click("#generate")
        self.wait(lambda: "Next in the queue" in self.text("#progress-text"))
        # The server goes down and comes back, on the same port and database.
        self.server.kill()
        self.wait(lambda: "The connection broke" in self.text("#progress-text"))
        self.screenshot("playground-lost")
        self.server.start()
        worker = subprocess.Popen(
            [DARKROOM, "worker", "--database", self.server.database], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(worker.wait)
        self.addCleanup(worker.terminate)
        self.wait(lambda: len(self.find_all("#gallery li")) == 1)
        self.assertEqual(self.shown_size(), (256, 256))


class WithoutKeysTests(BrowserTestCase):
    server_options = ["--auth", "none"]

    def test_nobody_is_asked_for_a_key(self):
        self.open_playground()
        self.assertIsNone(self.visible("#key-dialog"))
        self.assertIsNone(self.visible("#key-button"))
        self.assertIsNone(self.visible("#credits"))
        self.generate()
        self.click("#tab-code")
        self.assertNotIn("api-key", self.text("#code"))
        self.assertIsNone(self.visible("#with-key"))

    def test_everything_comes_from_the_server_itself(self):
        self.open_playground()
        self.generate()
        urls = self.browser.execute_script("return performance.getEntriesByType('resource').map((entry) => entry.name)")
        self.assertGreater(len(urls), 10)
        strange = [url for url in urls if not url.startswith((self.base, f"blob:{self.base}"))]
        self.assertEqual(strange, [])

    def test_the_operators_page_is_open(self):
        self.browser.get(f"{self.base}/admin")
        self.wait(lambda: self.find_all("#tiles dd"))
        self.assertIsNone(self.visible("#sign-in"))
