import Detectors
import Foundation
import Testing

@Suite("One-class SVM: the exponential of the kernel")
struct OneClassSVMExponentialTests {
  @Test("From -87 to 0 the error is at most two units in the last place")
  func accuracy() {
    var largest = 0.0
    for step in 0..<87 * 1024 {
      let x = SIMD16<Float>((0..<16).map { -Float(step * 16 + $0) / 16384 })
      let result = exponential(x)
      for lane in 0..<16 {
        let exact = exp(Double(x[lane]))
        let error = abs(Double(result[lane]) - exact)
        largest = max(largest, error / Double(Float(exact).ulp))
      }
    }
    #expect(largest < 2)
  }

  @Test("The exponential of zero is one, and far below it vanishes")
  func ends() {
    #expect(exponential(.zero) == SIMD16(repeating: 1))
    for x: Float in [-87.01, -1000, -.greatestFiniteMagnitude, -.infinity] {
      #expect(exponential(SIMD16(repeating: x)) == .zero)
    }
  }
}
