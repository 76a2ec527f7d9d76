import { relative } from "node:path"

// Prints a line for each failed test, and the closing line of a test run: `N passed, N failed`, and `, N skipped` where
// there are any. A file that could not be loaded and an error outside of any test count as failed, so that they are
// never lost.
export default class ClosingLineReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const count = { passed: 0, failed: 0, skipped: 0 }
    const fail = (what, errors) => {
      count.failed++
      const reason = String(errors?.[0]?.message ?? "").split("\n", 1)[0]
      console.log(`FAILED ${what}${reason === "" ? "" : `: ${reason}`}`)
    }
    for (const module of modules) {
      const file = relative(process.cwd(), module.moduleId)
      let failed = 0
      for (const test of module.children.allTests()) {
        const { state, errors } = test.result()
        if (state === "failed") {
          failed++
          fail(`${file} > ${test.fullName}`, errors)
        } else count[state === "passed" ? "passed" : "skipped"]++
      }
      if (failed === 0 && module.state() === "failed") fail(file, module.errors())
    }
    for (const error of unhandledErrors) fail("outside of any test", [error])
    const skipped = count.skipped === 0 ? "" : `, ${count.skipped} skipped`
    console.log(`${count.passed} passed, ${count.failed} failed${skipped}`)
  }
}
