// SPDX-License-Identifier: Apache-2.0

import Jobs
import Testing

@Suite struct CreditsTests {
    @Test(arguments: [
        ("0", 0), ("1", 1_000_000), ("0.003", 3000), ("5.000001", 5_000_001), ("-2.5", -2_500_000),
        ("100.50", 100_500_000),
    ])
    func amountsAreExact(text: String, microcredits: Int64) throws {
        let credits = try #require(Credits(text))
        #expect(credits.microcredits == microcredits)
        #expect(Credits(credits.description) == credits)
    }

    @Test(arguments: [
        "", "-", ".", "1.", ".5", "1.0000001", "1e3", "1,5", " 1", "+1", "0x10", "1000000001", "--1", "１",
    ])
    func whatIsNoAmountIsRefused(text: String) {
        #expect(Credits(text) == nil)
    }

    @Test func amountsAreWrittenWithoutNeedlessZeros() {
        #expect(Credits(microcredits: 3000).description == "0.003")
        #expect(Credits(microcredits: 5_000_000).description == "5")
        #expect(Credits(microcredits: -120).description == "-0.00012")
    }

    @Test func thePriceFollowsSizeEvaluationsAndSamples() throws {
        let table = PriceTable.standard
        #expect(table.price(of: try request()) == Credits(test: "0.003"))
        #expect(table.price(of: try request { $0.steps = 50 }) == Credits(test: "0.006"))
        #expect(table.price(of: try request { $0.samples = 4 }) == Credits(test: "0.012"))
        #expect(table.price(of: try request { $0.scheduler = "Heun" }) == Credits(test: "0.00588"))
        #expect(table.price(of: try request { $0.width = 768 }) == Credits(test: "0.00675"))
        #expect(table.price(of: try request { ($0.width, $0.height) = (256, 256) }) == Credits(test: "0.003"))
        #expect(PriceTable.free.price(of: try request()) == .zero)
    }

    @Test func largerPicturesThanTheTableHasCostInProportion() throws {
        let table = PriceTable([PriceTable.Row(maxPixels: 256 * 256, perEvaluation: Credits(microcredits: 10))])
        #expect(table.price(of: try request()) == Credits(microcredits: 40 * 25))
    }

    private func request(_ change: (inout GenerationParameters) -> Void = { _ in }) throws -> GenerationRequest {
        var parameters = GenerationParameters()
        change(&parameters)
        return try GenerationRequest(
            validating: parameters,
            limits: GenerationLimits(),
            defaults: GenerationDefaults(width: 512, height: 512)
        )
    }
}

@Suite struct TokenBucketTests {
    @Test func neverMoreThanTheLimitPassesInAnyPeriodBeyondTheFirstBurst() {
        let limit = RateLimit(requests: 3, per: .seconds(10))
        var now = Timestamp(milliseconds: 0)
        var bucket = TokenBucket(limit, at: now)
        var passed = 0
        for _ in 0..<1000 {
            if bucket.take(limit, at: now) { passed += 1 }
            now = now.advanced(by: .milliseconds(100))
        }
        // A hundred seconds, and the burst.
        #expect((32...33).contains(passed))
    }

    @Test func aClockThatIsSetBackGivesNothing() {
        let limit = RateLimit(requests: 1, per: .seconds(1))
        var bucket = TokenBucket(limit, at: Timestamp(milliseconds: 5000))
        let answers = [5000, 1000, 2000].map { bucket.take(limit, at: Timestamp(milliseconds: $0)) }
        #expect(answers == [true, false, true])
    }

    @Test func spendPeriodsAreThoseOfTheCalendar() {
        // 2027-01-15 08:00 UTC
        let now = Timestamp(milliseconds: 1_800_000_000_000)
        #expect(SpendLimit.Period.day.label(at: now) == "2027-01-15")
        #expect(SpendLimit.Period.month.label(at: now) == "2027-01")
        #expect(SpendLimit.Period.total.label(at: now) == "total")
    }
}
