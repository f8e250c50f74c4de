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

  /// Images that one thread takes at a time, in a batch of `rows`: a twelfth
  /// of them at first, since every block has gradients of its own, and fewer
  /// towards the end, so that the threads finish together.
  static func blocks(_ rows: Int) -> [Range<Int>] {
    var blocks: [Range<Int>] = []
    var start = 0
    while start < rows {
      let size = max(4, min((rows + 11) / 12, (rows - start + 5) / 6))
      let end = min(start + size, rows)
      blocks.append(start..<end)
      start = end
    }
    return blocks
  }

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
        current = forward(group, current, parameters)
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
        tape.batches += record(group, tape.output, parameters)
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

  /// Runs a group; gives the output of its last layer.
  private func forward(
    _ group: Range<Int>, _ input: Batch<Scalar>,
    _ parameters: UnsafePointer<Scalar>
  ) -> Batch<Scalar> {
    let products = products(group, parameters, forBackward: false)
    let result = Batch<Scalar>(
      rows: input.rows, columns: outputCount(group.upperBound - 1))
    forEachBlock(input.rows) { rows in
      let scratch = scratch(group)
      // The values in between stay in the cache.
      let outputs = outputs(group, Batch(rows: 1, columns: input.columns))
      for row in rows {
        if layers[group.lowerBound].output == nil {
          outputs[0].values.update(from: input.row(row), count: input.columns)
        }
        forward(
          group, parameters, products,
          { $0 == 0 ? input.row(row) : outputs[$0 - 1].values }, scratch)
        result.row(row).update(
          from: outputs[group.count - 1].values, count: result.columns)
      }
    }
    return result
  }

  /// Runs a group; gives the output of every layer.
  private func record(
    _ group: Range<Int>, _ input: Batch<Scalar>,
    _ parameters: UnsafePointer<Scalar>
  ) -> [Batch<Scalar>] {
    let products = products(group, parameters, forBackward: false)
    let outputs = outputs(group, input)
    forEachBlock(input.rows) { rows in
      let scratch = scratch(group)
      for row in rows {
        forward(
          group, parameters, products,
          { ($0 == 0 ? input : outputs[$0 - 1]).row(row) }, scratch)
      }
    }
    return outputs
  }

  /// Memory for the output of every layer of a group; an activation's is its
  /// input.
  private func outputs(
    _ group: Range<Int>, _ input: Batch<Scalar>
  ) -> [Batch<Scalar>] {
    var outputs: [Batch<Scalar>] = []
    for index in group {
      outputs.append(
        layers[index].output.map {
          Batch(rows: input.rows, columns: $0.count)
        } ?? outputs.last ?? input)
    }
    return outputs
  }

  private func forEachBlock(_ rows: Int, _ body: (Range<Int>) -> Void) {
    let blocks = Self.blocks(rows)
    Parallel.forEach(blocks.count) { body(blocks[$0]) }
  }

  /// Takes one image through a group.
  ///
  /// - Parameter values: Where the input of the group's first layer is, then
  ///   the output of every layer.
  @inline(__always)
  private func forward(
    _ group: Range<Int>, _ parameters: UnsafePointer<Scalar>,
    _ products: [PatchProducts<Scalar>?],
    _ values: (Int) -> UnsafeMutablePointer<Scalar>, _ scratch: Batch<Scalar>
  ) {
    for (place, index) in group.enumerated() {
      let (from, to) = (values(place), values(place + 1))
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
        activation.forward(to, count: outputCount(index))
      default: break
      }
    }
  }

  /// Numbers of one image after a layer.
  private func outputCount(_ index: Int) -> Int {
    layers[...index].lazy.reversed().compactMap(\.output).first?.count
      ?? input.count
  }

  private func scratch(_ group: Range<Int>) -> Batch<Scalar> {
    Batch(rows: 1, columns: group.map { layers[$0].scratchCount }.max() ?? 0)
  }
}

// MARK: Convolutions

extension Network {
  /// The products of each convolution of either kind with its weights; nil
  /// for other layers.
  private func products(
    _ group: Range<Int>, _ parameters: UnsafePointer<Scalar>, forBackward: Bool
  ) -> [PatchProducts<Scalar>?] {
    group.map { index in
      let weights = parameters + parameterOffsets[index]
      return switch layers[index] {
      case .convolution(let layer):
        layer.products(weights, forBackward: forBackward)
      case .transposedConvolution(let layer):
        layer.products(weights, forBackward: forBackward)
      default: nil
      }
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
    let inputGradient =
      wantsInput
      ? Batch<Scalar>(
        rows: outputGradient.rows,
        columns: tape.batches[group.lowerBound].columns) : nil
    backward(
      group, parameters, rows: outputGradient.rows, addingTo: gradient
    ) { rows, pass in
      for row in rows {
        backward(
          pass, { tape.batches[group.lowerBound + $0].row(row) },
          outputGradient.row(row), into: inputGradient?.row(row))
      }
    }
    return inputGradient
  }

  /// What one thread needs to take images back through a group.
  private struct BackwardPass {
    let group: Range<Int>
    let products: [PatchProducts<Scalar>?]
    /// Where the sums of each layer's weights begin.
    let weightOffsets: [Int]
    let weightSums: Batch<Scalar>
    /// The gradient of the group's parameters.
    let sums: UnsafeMutablePointer<Scalar>
    let buffers: Batch<Scalar>
    let scratch: Batch<Scalar>
  }

  /// Calls `body` with every block of rows and adds up, in order, the
  /// gradients of the parameters that it leaves.
  private func backward(
    _ group: Range<Int>, _ parameters: UnsafePointer<Scalar>, rows: Int,
    addingTo gradient: UnsafeMutablePointer<Scalar>,
    _ body: (Range<Int>, BackwardPass) -> Void
  ) {
    let offset = parameterOffsets[group.lowerBound]
    let count = group.reduce(0) { $0 + layers[$1].parameterCount }
    let size = group.map { inputCount($0) }.max() ?? 0
    let blocks = Self.blocks(rows)
    let partial = Batch<Scalar>(rows: blocks.count, columns: count)
    let products = products(group, parameters, forBackward: true)
    var weightOffsets: [Int] = []
    var weightCount = 0
    for product in products {
      weightOffsets.append(weightCount)
      weightCount += product?.gradientCount ?? 0
    }

    Parallel.forEach(blocks.count) { block in
      let sums = partial.row(block)
      for index in 0..<count { sums[index] = 0 }
      let pass = BackwardPass(
        group: group, products: products, weightOffsets: weightOffsets,
        weightSums: Batch(rows: 1, columns: weightCount), sums: sums,
        buffers: Batch(rows: 2, columns: size), scratch: scratch(group))
      pass.weightSums.fill(0)
      body(blocks[block], pass)
      for (place, index) in group.enumerated() {
        products[place]?.unpack(
          pass.weightSums.values + weightOffsets[place],
          addingTo: sums + (parameterOffsets[index] - offset))
      }
    }
    SharedProduct.sumRows(of: partial, beta: 1, into: gradient + offset)
  }

  /// Takes one image back through a group.
  ///
  /// - Parameters:
  ///   - values: As for `forward`.
  ///   - outputGradient: Used up as memory.
  @inline(__always)
  private func backward(
    _ pass: BackwardPass, _ values: (Int) -> UnsafeMutablePointer<Scalar>,
    _ outputGradient: UnsafeMutablePointer<Scalar>,
    into inputGradient: UnsafeMutablePointer<Scalar>?
  ) {
    let group = pass.group
    let offset = parameterOffsets[group.lowerBound]
    var current = outputGradient
    var spare = 0
    for index in group.reversed() {
      let place = index - group.lowerBound
      let target = place == 0 ? inputGradient : pass.buffers.row(spare)
      let weightSums = pass.weightSums.values + pass.weightOffsets[place]
      let biasSums = biasOffset(index).map { pass.sums + ($0 - offset) }
      switch (layers[index], pass.products[place]) {
      case (.convolution(let layer), let products?):
        layer.backward(
          current, input: values(place), products, weightSums: weightSums,
          biasSums: biasSums, into: target, scratch: pass.scratch.values)
      case (.transposedConvolution(let layer), let products?):
        layer.backward(
          current, input: values(place), products, weightSums: weightSums,
          biasSums: biasSums, into: target, scratch: pass.scratch.values)
      case (.activation(let activation), _):
        let count = inputCount(index)
        activation.backward(current, output: values(place + 1), count: count)
        if place == 0, let target {
          target.update(from: current, count: count)
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

  /// Numbers of one image before a layer.
  private func inputCount(_ index: Int) -> Int {
    index == 0 ? input.count : outputCount(index - 1)
  }
}

// MARK: Forward and backward in one

extension Network {
  /// The mean squared error of the outputs, with the inputs as their targets,
  /// whose gradient is added to that of the parameters.
  ///
  /// Each image goes forward and back before the next, while its values are in
  /// the cache: the bits of `record`, `meanSquaredError` and `backward`, in
  /// less time. Nil, and nothing done, when a layer looks at whole batches.
  package func reconstructionError(
    of batch: Batch<Scalar>, addingTo gradient: inout [Scalar]
  ) -> Double? {
    let group = 0..<layers.count
    guard steps(group).count == 1, layers[0].isImageByImage,
      layers[0].output != nil
    else { return nil }
    let factor = Scalar(2 / Double(batch.count))
    var squares = [Double](repeating: 0, count: batch.rows)
    gradient.withUnsafeMutableBufferPointer { gradient in
      parameters.withUnsafeBufferPointer { parameters in
        squares.withUnsafeMutableBufferPointer { squares in
          let squares = squares
          let products = products(
            group, parameters.start, forBackward: false)
          backward(
            group, parameters.start, rows: batch.rows,
            addingTo: gradient.mutableStart
          ) { rows, pass in
            let outputs = outputs(
              group, Batch(rows: 1, columns: batch.columns))
            let slopes = Batch<Scalar>(rows: 1, columns: batch.columns)
            for row in rows {
              let image = batch.row(row)
              func values(_ place: Int) -> UnsafeMutablePointer<Scalar> {
                place == 0 ? image : outputs[place - 1].values
              }
              forward(group, parameters.start, products, values, pass.scratch)
              squares[row] = squaredError(
                values(group.count), image, slopes: slopes.values,
                factor: factor, count: batch.columns)
              backward(pass, values, slopes.values, into: nil)
            }
          }
        }
      }
    }
    return squares.reduce(0, +) / Double(batch.count)
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
