import Autoencoders
import CVectorUnit
import Execution
import LinearAlgebra
import TestSupport
import Testing

/// The mean squared error against a fixed target, as a function of the
/// parameters and the input.
private struct Problem {
  var network: Network<Double>
  let input: [Double]
  let target: [Double]
  let rows: Int

  init(_ stack: LayerStack, rows: Int) {
    network = Network(stack, seed: 3, stream: 1)
    var generator = SeededGenerator(seed: 5)
    self.rows = rows
    input = (0..<rows * stack.input.count).map { _ in generator.normal() }
    target = (0..<rows * stack.output.count).map { _ in generator.normal() }
  }

  func loss(parameters: [Double]? = nil, input: [Double]? = nil) -> Double {
    var network = network
    network.parameters = parameters ?? network.parameters
    return network.record(Batch(input ?? self.input, rows: rows)).output
      .meanSquaredError(to: Batch(target, rows: rows)).value
  }

  func gradients() -> (parameters: [Double], input: [Double]) {
    var network = network
    var gradient = [Double](repeating: 0, count: network.parameters.count)
    let tape = network.record(Batch(input, rows: rows))
    let loss = tape.output.meanSquaredError(to: Batch(target, rows: rows))
    let inputGradient = network.backward(
      loss.gradient, tape, addingTo: &gradient, wantsInputGradient: true)
    return (gradient, inputGradient?.array ?? [])
  }

  /// The largest difference from central finite differences.
  func largestError() -> Double {
    let (parameters, input) = gradients()
    let step = 1e-5
    func slope(_ values: [Double], _ index: Int, _ loss: ([Double]) -> Double)
      -> Double
    {
      var (up, down) = (values, values)
      up[index] += step
      down[index] -= step
      return (loss(up) - loss(down)) / (2 * step)
    }
    var largest = 0.0
    for index in parameters.indices {
      let expected = slope(network.parameters, index) { loss(parameters: $0) }
      largest = max(largest, abs(parameters[index] - expected))
    }
    for index in input.indices {
      let expected = slope(self.input, index) { loss(input: $0) }
      largest = max(largest, abs(input[index] - expected))
    }
    return largest
  }
}

private let tolerance = 1e-8

@Suite("Gradients agree with finite differences")
struct GradientTests {
  @Test(
    "of a convolution",
    arguments: [
      (kernel: 3, stride: 1, padding: 1), (kernel: 3, stride: 2, padding: 1),
      (kernel: 4, stride: 2, padding: 1), (kernel: 2, stride: 1, padding: 0),
    ], [true, false])
  func convolution(
    sizes: (kernel: Int, stride: Int, padding: Int), bias: Bool
  ) throws {
    var stack = LayerStack(input: ImageShape(height: 5, width: 7, channels: 2))
    try stack.convolution(
      3, kernel: sizes.kernel, stride: sizes.stride, padding: sizes.padding,
      bias: bias)
    #expect(Problem(stack, rows: 9).largestError() < tolerance)
  }

  @Test(
    "of a transposed convolution", arguments: [3, 4])
  func transposedConvolution(kernel: Int) throws {
    let geometry = try #require(
      PatchGeometry(
        big: ImageShape(height: 5, width: 6, channels: 9), smallChannels: 2,
        kernel: kernel, stride: 2, padding: 1))
    var stack = LayerStack(input: geometry.small)
    try stack.transposedConvolution(3, undoing: geometry)
    #expect(stack.output == ImageShape(height: 5, width: 6, channels: 3))
    #expect(Problem(stack, rows: 3).largestError() < tolerance)
  }

  @Test("of a fully connected layer", arguments: [true, false])
  func linear(bias: Bool) throws {
    var stack = LayerStack(input: ImageShape(features: 5))
    stack.linear(3, bias: bias)
    #expect(Problem(stack, rows: 4).largestError() < tolerance)
  }

  @Test("of batch normalisation", arguments: [true, false])
  func batchNormalization(affine: Bool) throws {
    var stack = LayerStack(input: ImageShape(height: 2, width: 3, channels: 2))
    stack.linear(stack.input)
    stack.batchNormalization(affine: affine)
    #expect(Problem(stack, rows: 20).largestError() < tolerance)
  }

  @Test(
    "of an activation",
    arguments: [
      Activation.relu, .leakyReLU(slope: 0.2), .tanh, .sigmoid,
    ])
  func activation(_ activation: Activation) throws {
    var stack = LayerStack(input: ImageShape(features: 6))
    stack.linear(4)
    stack.activation(activation)
    #expect(Problem(stack, rows: 5).largestError() < tolerance)
  }

  @Test("of a whole network of them all")
  func network() throws {
    var stack = LayerStack(input: ImageShape(height: 9, width: 8, channels: 1))
    try stack.convolution(2, kernel: 4, stride: 2, padding: 1)
    let geometry = try #require(
      PatchGeometry(
        big: stack.input, smallChannels: 2, kernel: 4, stride: 2, padding: 1))
    stack.batchNormalization()
    stack.activation(.leakyReLU(slope: 0.1))
    stack.linear(3)
    stack.linear(geometry.small)
    stack.activation(.relu)
    try stack.transposedConvolution(1, undoing: geometry)
    stack.activation(.tanh)
    #expect(Problem(stack, rows: 9).largestError() < tolerance)
  }

  @Test("of the cross-entropy of logits", arguments: [0.0, 1])
  func crossEntropy(label: Double) {
    let logits = [-3.0, 0.5, 2, -40, 40]
    let gradient = Batch(logits, rows: 5).crossEntropy(label: label).gradient
    for index in logits.indices {
      func loss(_ shift: Double) -> Double {
        var shifted = logits
        shifted[index] += shift
        return Batch(shifted, rows: 5).crossEntropy(label: label).value
      }
      let slope = (loss(1e-5) - loss(-1e-5)) / 2e-5
      #expect(abs(gradient.array[index] - slope) < tolerance)
    }
  }
}

@Suite("Single precision")
struct SinglePrecisionTests {
  @Test(
    "gives the gradients of double precision, by whatever kernels",
    arguments: [
      (channels: 3, filters: [12, 24, 48]),
      (channels: 1, filters: [5, 17, 33]),
      (channels: 5, filters: [20, 50]), (channels: 4, filters: [64, 9]),
    ], [2, 19])
  func kernels(sizes: (channels: Int, filters: [Int]), rows: Int) throws {
    let shape = ImageShape(height: 32, width: 64, channels: sizes.channels)
    var stack = LayerStack(input: shape)
    var geometries: [PatchGeometry] = []
    for filters in sizes.filters {
      geometries.append(
        try #require(
          PatchGeometry(
            big: stack.output, smallChannels: filters, kernel: 4, stride: 2,
            padding: 1)))
      try stack.convolution(filters, kernel: 4, stride: 2, padding: 1)
      stack.activation(.leakyReLU(slope: 0.5))
    }
    for geometry in geometries.reversed() {
      try stack.transposedConvolution(geometry.big.channels, undoing: geometry)
      stack.activation(.tanh)
    }
    var double = Network<Double>(stack, seed: 1, stream: 0)
    var single = Network<Float>(stack, seed: 1, stream: 0)
    var generator = SeededGenerator(seed: 2)
    let images = (0..<rows * shape.count).map { _ in generator.normal() }

    func gradients<Scalar: NetworkScalar>(
      _ network: inout Network<Scalar>
    ) -> [Double] {
      let batch = Batch(images.map { Scalar($0) }, rows: rows)
      let tape = network.record(batch)
      let loss = tape.output.meanSquaredError(to: batch)
      var gradient = [Scalar](repeating: 0, count: network.parameters.count)
      let input = network.backward(
        loss.gradient, tape, addingTo: &gradient, wantsInputGradient: true)
      return (gradient + (input?.array ?? [])).map { Double($0) }
    }
    let expected = gradients(&double)
    let actual = gradients(&single)
    let scale = expected.reduce(0) { max($0, abs($1)) }
    expectClose(actual, expected, within: .absolute(1e-5 * scale))
  }

  @Test(
    "is taken in lanes, so that the test above was of them",
    .enabled(
      if: vector_unit_has_avx512() == 1,
      "built without AVX-512: LaneEngine is not tested, PatchEngine alone is"))
  func lanes() throws {
    var stack = LayerStack(
      input: ImageShape(height: 32, width: 64, channels: 3))
    try stack.convolution(12, kernel: 4, stride: 2, padding: 1)
    #expect(stack.layers.allSatisfy(LaneEngine.supports))
  }

  @Test("is the same whether losses are taken image by image or of the batch")
  func fusedLoss() throws {
    func compare<Scalar: NetworkScalar>(_ type: Scalar.Type) throws {
      var stack = LayerStack(
        input: ImageShape(height: 16, width: 32, channels: 3))
      let geometry = try #require(
        PatchGeometry(
          big: stack.input, smallChannels: 7, kernel: 4, stride: 2, padding: 1))
      try stack.convolution(7, kernel: 4, stride: 2, padding: 1)
      stack.activation(.relu)
      try stack.transposedConvolution(3, undoing: geometry)
      stack.activation(.tanh)
      var network = Network<Scalar>(stack, seed: 1, stream: 0)
      var generator = SeededGenerator(seed: 2)
      let batch = Batch(
        (0..<19 * stack.input.count).map { _ in Scalar(generator.normal()) },
        rows: 19)

      var fused = [Scalar](repeating: 0, count: network.parameters.count)
      let loss = try #require(
        network.reconstructionError(of: batch, addingTo: &fused))

      var gradient = [Scalar](repeating: 0, count: network.parameters.count)
      let tape = network.record(batch)
      let expected = tape.output.meanSquaredError(to: batch)
      network.backward(expected.gradient, tape, addingTo: &gradient)

      #expect(abs(loss / expected.value - 1) < 1e-6)
      for (a, b) in zip(fused, gradient) {
        #expect(abs(a - b) <= 1e-4 * abs(b) + 1e-7)
      }
      #expect(network(batch).array == tape.output.array)
    }
    try compare(Float.self)
    try compare(Double.self)
  }
}
