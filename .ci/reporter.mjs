// Prints the closing line of a test run: `N passed, N failed`, and `, N skipped` where there are any.
// A file that could not be loaded and an error outside of any test count as failed, so that they are never lost.
export default class ClosingLineReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const count = { passed: 0, failed: unhandledErrors.length, skipped: 0 }
    for (const module of modules) {
      let failed = 0
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        const outcome = state === "passed" || state === "failed" ? state : "skipped"
        count[outcome]++
        if (outcome === "failed") failed++
      }
      if (failed === 0 && module.state() === "failed") count.failed++
    }
    const skipped = count.skipped === 0 ? "" : `, ${count.skipped} skipped`
    console.log(`${count.passed} passed, ${count.failed} failed${skipped}`)
  }
}
