import LinearAlgebra

/// Layers one after the other, with their parameters.
///
/// Image-by-image layers that follow each other are run together on one image
/// after the other, so that its values stay in the cache. Sums over images are
/// taken in fixed blocks of images and added up in order: the number of
/// threads changes no bit.
package struct Network<Scalar: NetworkScalar>: Sendable {
  package let input: ImageShape
  package let output: ImageShape
  package let layers: [Layer]
  /// Where the parameters and the statistics of every layer begin.
  package let parameterOffsets: [Int]
  private let statisticOffsets: [Int]
  package private(set) var parameterCount: Int
  package private(set) var statisticCount: Int
  /// The trained numbers, layer after layer.
  package var parameters: [Scalar]
  /// The numbers that move with the batches, layer after layer.
  package var statistics: [Scalar]

  /// Images that one thread takes at a time, in a batch of `rows`: at least 8,
  /// and no more than 32 blocks, each of which has gradients of its own.
  static func blockSize(_ rows: Int) -> Int { max(8, (rows + 31) / 32) }

  /// - Parameters:
  ///   - seed: Nil leaves the parameters and statistics empty, for a saved
  ///     state.
  ///   - stream: Networks of one seed differ by it.
  package init(_ stack: LayerStack, seed: UInt64?, stream: UInt64) {
    input = stack.input
    output = stack.output
    layers = stack.layers
    var (parameterOffsets, statisticOffsets) = ([Int](), [Int]())
    (parameterCount, statisticCount) = (0, 0)
    for layer in layers {
      parameterOffsets.append(parameterCount)
      statisticOffsets.append(statisticCount)
      parameterCount += layer.parameterCount
      statisticCount += layer.statisticCount
    }
    self.parameterOffsets = parameterOffsets
    self.statisticOffsets = statisticOffsets
    (parameters, statistics) = ([], [])
    guard let seed else { return }
    var generator = SeededGenerator(seed: seed, stream: stream)
    for layer in layers {
      parameters += layer.initialParameters(&generator)
      statistics += layer.initialStatistics()
    }
  }

  /// What a forward pass leaves for the backward pass.
  package struct Tape {
    /// The input, then the output of every layer; an activation's is its
    /// input, changed in place.
    fileprivate var batches: [Batch<Scalar>]
    fileprivate var moments: [Int: BatchNormalization.Moments] = [:]

    package var output: Batch<Scalar> { batches[batches.count - 1] }
  }

  /// Bytes that the values and gradients of one image take in training.
  var bytesPerImage: Int {
    let values = layers.reduce(2 * input.count) {
      $0 + ($1.output?.count ?? 0) * 2
    }
    return values * MemoryLayout<Scalar>.stride
  }
}

// MARK: Forward

extension Network {
  /// The outputs as the trained network gives them: a row for every image.
  package func callAsFunction(
    _ batch: Batch<Scalar>, layers range: Range<Int>? = nil
  ) -> Batch<Scalar> {
    var current = batch
    run(range) { layer, offsets, parameters in
      switch layer {
      case .group(let group):
        current = forward(group, current, parameters, keep: { _ in })
      case .linear(let linear):
        current = linear.forward(current, parameters + offsets.parameters)
      case .batchNormalization(let normalization):
        current = statistics.withUnsafeBufferPointer {
          normalization.forward(
            current, parameters + offsets.parameters,
            statistics: $0.start + offsets.statistics)
        }
      }
    }
    return current
  }

  /// A forward pass of training; moves the statistics.
  package mutating func record(_ batch: Batch<Scalar>) -> Tape {
    var tape = Tape(batches: [batch])
    var statistics = statistics
    run(nil) { layer, offsets, parameters in
      switch layer {
      case .group(let group):
        _ = forward(group, tape.output, parameters) { tape.batches.append($0) }
      case .linear(let linear):
        tape.batches.append(
          linear.forward(tape.output, parameters + offsets.parameters))
      case .batchNormalization(let normalization):
        let (result, moments) = statistics.withUnsafeMutableBufferPointer {
          normalization.forwardInTraining(
            tape.output, parameters + offsets.parameters,
            statistics: $0.mutableStart + offsets.statistics)
        }
        tape.moments[tape.batches.count - 1] = moments
        tape.batches.append(result)
      }
    }
    self.statistics = statistics
    return tape
  }

  private enum Step {
    /// Image-by-image layers.
    case group(Range<Int>)
    case linear(Linear)
    case batchNormalization(BatchNormalization)
  }

  /// Calls `body` with each step in order.
  private func run(
    _ range: Range<Int>?,
    _ body: (
      Step, (parameters: Int, statistics: Int), UnsafePointer<Scalar>
    ) -> Void
  ) {
    parameters.withUnsafeBufferPointer { parameters in
      for step in steps(range ?? 0..<layers.count) {
        switch layers[step.lowerBound] {
        case .linear(let linear):
          body(.linear(linear), offsets(step), parameters.start)
        case .batchNormalization(let normalization):
          body(
            .batchNormalization(normalization), offsets(step),
            parameters.start)
        default: body(.group(step), offsets(step), parameters.start)
        }
      }
    }
  }

  private func offsets(
    _ step: Range<Int>
  ) -> (parameters: Int, statistics: Int) {
    (parameterOffsets[step.lowerBound], statisticOffsets[step.lowerBound])
  }

  /// The range cut into single batch-wise layers and runs of image-by-image
  /// ones.
  private func steps(_ range: Range<Int>) -> [Range<Int>] {
    var steps: [Range<Int>] = []
    for index in range {
      if let last = steps.last, layers[index].isImageByImage,
        layers[last.lowerBound].isImageByImage
      {
        steps[steps.count - 1] = last.lowerBound..<index + 1
      } else {
        steps.append(index..<index + 1)
      }
    }
    return steps
  }

  /// Runs a group; gives the output of each layer in turn to `keep`, the last
  /// as the result.
  private func forward(
    _ group: Range<Int>, _ input: Batch<Scalar>,
    _ parameters: UnsafePointer<Scalar>, keep: (Batch<Scalar>) -> Void
  ) -> Batch<Scalar> {
    var outputs: [Batch<Scalar>] = []
    for index in group {
      if let shape = layers[index].output {
        outputs.append(Batch(rows: input.rows, columns: shape.count))
      } else {
        outputs.append(outputs.last ?? input)
      }
      keep(outputs[outputs.count - 1])
    }
    let scratchCount = group.map { layers[$0].scratchCount }.max() ?? 0
    let products = group.map {
      self.products($0, parameters, forBackward: false)
    }
    let blocks = Parallel.blocks(
      input.rows, size: Self.blockSize(input.rows))
    Parallel.forEach(blocks.count) { block in
      let scratch = Batch<Scalar>(rows: 1, columns: scratchCount)
      for row in blocks[block] {
        for (place, index) in group.enumerated() {
          let from = (place == 0 ? input : outputs[place - 1]).row(row)
          let to = outputs[place].row(row)
          switch (layers[index], products[place]) {
          case (.convolution(let layer), let products?):
            layer.forward(
              from, products, bias: bias(index, parameters), into: to,
              scratch: scratch.values)
          case (.transposedConvolution(let layer), let products?):
            layer.forward(
              from, products, bias: bias(index, parameters), into: to,
              scratch: scratch.values)
          case (.activation(let activation), _):
            activation.forward(to, count: outputs[place].columns)
          default: break
          }
        }
      }
    }
    return outputs[outputs.count - 1]
  }
}

// MARK: Convolutions

extension Network {
  /// The products of a convolution of either kind with its weights.
  private func products(
    _ index: Int, _ parameters: UnsafePointer<Scalar>, forBackward: Bool
  ) -> PatchProducts<Scalar>? {
    let weights = parameters + parameterOffsets[index]
    return switch layers[index] {
    case .convolution(let layer):
      layer.products(weights, forBackward: forBackward)
    case .transposedConvolution(let layer):
      layer.products(weights, forBackward: forBackward)
    default: nil
    }
  }

  /// Where the bias of a convolution of either kind begins among the
  /// parameters; nil without one.
  private func biasOffset(_ index: Int) -> Int? {
    switch layers[index] {
    case .convolution(let layer) where layer.hasBias:
      parameterOffsets[index] + layer.geometry.weightCount
    case .transposedConvolution(let layer) where layer.hasBias:
      parameterOffsets[index] + layer.geometry.weightCount
    default: nil
    }
  }

  @inline(__always)
  private func bias(
    _ index: Int, _ parameters: UnsafePointer<Scalar>
  ) -> UnsafePointer<Scalar>? {
    biasOffset(index).map { parameters + $0 }
  }
}

// MARK: Backward

extension Network {
  /// Adds to the gradient of the parameters and gives, when it is wanted, the
  /// gradient of the input.
  ///
  /// The gradient of the output is used up as memory.
  @discardableResult
  package func backward(
    _ outputGradient: Batch<Scalar>, _ tape: Tape,
    addingTo gradient: inout [Scalar], wantsInputGradient: Bool = false
  ) -> Batch<Scalar>? {
    var current = outputGradient
    gradient.withUnsafeMutableBufferPointer { gradient in
      parameters.withUnsafeBufferPointer { parameters in
        for step in steps(0..<layers.count).reversed() {
          let index = step.lowerBound
          let wantsInput = wantsInputGradient || index > 0
          let offset = parameterOffsets[index]
          switch layers[index] {
          case .linear(let linear):
            current =
              linear.backward(
                current, input: tape.batches[index], parameters.start + offset,
                addingTo: gradient.mutableStart + offset,
                wantsInputGradient: wantsInput) ?? current
          case .batchNormalization(let normalization):
            guard let moments = tape.moments[index] else { continue }
            current = normalization.backward(
              current, input: tape.batches[index], moments,
              parameters.start + offset,
              addingTo: gradient.mutableStart + offset)
          default:
            current =
              backward(
                step, current, tape, parameters.start, gradient.mutableStart,
                wantsInput: wantsInput) ?? current
          }
        }
      }
    }
    return wantsInputGradient ? current : nil
  }

  private func backward(
    _ group: Range<Int>, _ outputGradient: Batch<Scalar>, _ tape: Tape,
    _ parameters: UnsafePointer<Scalar>,
    _ gradient: UnsafeMutablePointer<Scalar>, wantsInput: Bool
  ) -> Batch<Scalar>? {
    let inputSize = tape.batches[group.lowerBound].columns
    let inputGradient =
      wantsInput
      ? Batch<Scalar>(rows: outputGradient.rows, columns: inputSize) : nil
    let offset = parameterOffsets[group.lowerBound]
    let count = group.reduce(0) { $0 + layers[$1].parameterCount }
    let size = group.map { tape.batches[$0].columns }.max() ?? 0
    let scratchCount = group.map { layers[$0].scratchCount }.max() ?? 0
    let blocks = Parallel.blocks(
      outputGradient.rows, size: Self.blockSize(outputGradient.rows))
    let partial = Batch<Scalar>(rows: blocks.count, columns: count)
    let products = group.map {
      self.products($0, parameters, forBackward: true)
    }
    // Where the sums of each layer's weights begin in a block's memory.
    var sumOffsets: [Int] = []
    var sumCount = 0
    for product in products {
      sumOffsets.append(sumCount)
      sumCount += product?.gradientCount ?? 0
    }

    Parallel.forEach(blocks.count) { block in
      let scratch = Batch<Scalar>(rows: 1, columns: scratchCount)
      let buffers = Batch<Scalar>(rows: 2, columns: size)
      let weightSums = Batch<Scalar>(rows: 1, columns: sumCount)
      weightSums.fill(0)
      let sums = partial.row(block)
      sums.update(repeating: 0, count: count)
      for row in blocks[block] {
        var current = outputGradient.row(row)
        var spare = 0
        for index in group.reversed() {
          let place = index - group.lowerBound
          let input = tape.batches[index].row(row)
          let target =
            place == 0 ? inputGradient?.row(row) : buffers.row(spare)
          let weightSums = weightSums.values + sumOffsets[place]
          let biasSums = biasOffset(index).map { sums + ($0 - offset) }
          switch (layers[index], products[place]) {
          case (.convolution(let layer), let products?):
            layer.backward(
              current, input: input, products, weightSums: weightSums,
              biasSums: biasSums, into: target, scratch: scratch.values)
          case (.transposedConvolution(let layer), let products?):
            layer.backward(
              current, input: input, products, weightSums: weightSums,
              biasSums: biasSums, into: target, scratch: scratch.values)
          case (.activation(let activation), _):
            activation.backward(
              current, output: tape.batches[index + 1].row(row),
              count: tape.batches[index].columns)
            if place == 0, let target {
              target.update(from: current, count: inputSize)
            }
            continue
          default: continue
          }
          if let target {
            current = target
            spare = 1 - spare
          }
        }
      }
      for (place, index) in group.enumerated() {
        products[place]?.unpack(
          weightSums.values + sumOffsets[place],
          addingTo: sums + (parameterOffsets[index] - offset))
      }
    }
    SharedProduct.sumRows(of: partial, beta: 1, into: gradient + offset)
    return inputGradient
  }
}

extension UnsafeBufferPointer {
  @inline(__always)
  fileprivate var start: UnsafePointer<Element> {
    guard let baseAddress else {
      preconditionFailure("a network has parameters")
    }
    return baseAddress
  }
}

extension UnsafeMutableBufferPointer {
  @inline(__always)
  fileprivate var mutableStart: UnsafeMutablePointer<Element> {
    guard let baseAddress else {
      preconditionFailure("a network has parameters")
    }
    return baseAddress
  }
}
