# SPDX-License-Identifier: Apache-2.0
"""What the campaigns that break services have in common: callers, and what must be true of what they got."""

import asyncio
import collections
import decimal
import hashlib
import random

SCHEDULERS = ["DDIM", "Euler a", "Heun", "UniPC", "DPM Multi", "PNDM"]
KINDS = 24


def request(index):
    """One of a few requests, of all kinds."""
    return {"prompt": f"request {index % 3}", "img_width": 64, "img_height": 64 if index % 4 else 48,
            "num_inference_steps": 4 + index % 7, "scheduler": SCHEDULERS[index % len(SCHEDULERS)],
            "guidance_scale": 1 if index % 5 == 0 else 7.5, "samples": 1 + index % 3, "seed": index,
            "output_format": "png"}


class Load:
    """Callers who ask for pictures with idempotency keys, wait for them and fetch them; some cancel.

    A caller is known by how it asks: `await ask(method, path, fields, headers)` gives an answer, however long it takes.
    """

    def __init__(self, seed):
        self.seed = seed
        self.problems = []
        self.counts = collections.Counter()
        # What the pictures of each request are when nothing disturbs.
        self.expected = []
        self.ids, self.cost, self.is_over = {}, decimal.Decimal(0), False

    async def begin(self, ask):
        """Makes each request once, undisturbed."""
        for index in range(KINDS):
            _, result = await self.make(ask, index, {})
            self.expected.append(await self.digests(ask, result))
        self.before = await self.credits(ask)

    async def call(self, number, ask):
        """Asks for one thing after the other until it is over."""
        order, turn = random.Random(f"{self.seed}-{number}"), 0
        while not self.is_over:
            turn += 1
            index, name = order.randrange(KINDS), f"{number}-{turn}"
            cancel_after = order.random() if order.random() < 0.1 else None
            id, result = await self.make(ask, index, {"Idempotency-Key": name}, cancel_after)
            if id is None:
                continue
            self.ids[name] = id
            if result is None:
                self.counts["cancelled"] += 1
                continue
            self.counts["made"] += 1
            self.cost += decimal.Decimal(str(result["metrics"]["cost"]))
            if await self.digests(ask, result) != self.expected[index]:
                self.problems.append(f"{id}: other bytes than undisturbed (request {index})")

    async def check(self, ask):
        """One job for each request, and nothing charged but what was made."""
        jobs, cursor = [], ""
        while True:
            page = (await ask("GET", f"/v1/requests?limit=100{cursor}")).json
            jobs += page["requests"]
            if not page.get("next_cursor"):
                break
            cursor = f"&cursor={page['next_cursor']}"
        if len(jobs) != len(self.ids) + KINDS:
            self.problems.append(f"{len(jobs)} jobs for {len(self.ids) + KINDS} requests")
        if len(set(self.ids.values())) != len(self.ids):
            self.problems.append("two requests share a job")
        if (charged := self.before - await self.credits(ask)) != self.cost:
            self.problems.append(f"charged {charged} for pictures of {self.cost}")

    async def make(self, ask, index, headers, cancel_after=None):
        """Submits a request and waits for its end; returns its id and its result, or None if it was cancelled."""
        while True:
            answer = await ask("POST", "/v2/sd2.1-txt2img", request(index), headers)
            if answer.status == 200:
                break
            if answer.status != 429:
                self.problems.append(f"submit: {answer.status} {answer.body[:200]}")
                return None, None
            await asyncio.sleep(0.2)
        id = answer.json["request_id"]
        if cancel_after is not None:
            await asyncio.sleep(cancel_after)
            await ask("DELETE", f"/v2/requests/{id}")
        while True:
            answer = await ask("GET", f"/v2/requests/{id}")
            body = answer.json
            if body.get("status") == "COMPLETED":
                return id, body
            if body.get("status") == "CANCELLED":
                return id, None
            if answer.status != 200:
                self.problems.append(f"{id}: {answer.status} {answer.body[:200]}")
                return id, None
            await asyncio.sleep(0.05)

    async def digests(self, ask, result):
        return [hashlib.sha256((await ask("GET", "/" + image["url"].split("/", 3)[3])).body).hexdigest()
                for image in result["images"]]

    async def credits(self, ask):
        return decimal.Decimal(str((await ask("GET", "/v1/get-user-credits")).json["credits"]))

    def report(self):
        """Prints what is wrong; returns the exit status."""
        for problem in self.problems[:20]:
            print("PROBLEM", problem)
        return 1 if self.problems else 0
