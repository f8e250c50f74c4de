import Autoencoders
import Execution
import LinearAlgebra
import Testing

@Suite("The engine's door")
struct EngineTests {
  @Test("a row gives and takes its own numbers")
  func rows() {
    let batch = Batch<Float>([1, 2, 3, 4, 5, 6], rows: 2)
    batch[1][2] = 7
    #expect(Array(batch[0]) == [1, 2, 3])
    #expect(Array(batch[1]) == [4, 5, 7])
    #expect(batch.array == [1, 2, 3, 4, 5, 7])
  }

  @Test("a number beside a row stops the program, in release builds too")
  func bounds() async {
    await #expect(processExitsWith: .failure) {
      _ = Batch<Float>([1, 2, 3, 4], rows: 2)[0][2]
    }
    await #expect(processExitsWith: .failure) {
      Batch<Float>([1, 2, 3, 4], rows: 2)[0][-1] = 0
    }
    await #expect(processExitsWith: .failure) {
      _ = Batch<Float>([1, 2, 3, 4], rows: 2)[2]
    }
  }

  @Test("no memory is kept after training and scoring")
  func memory() async {
    await #expect(processExitsWith: .success) {
      let shape = ImageShape(height: 16, width: 16, channels: 3)
      let samples = Matrix(
        rows: 20, columns: shape.count,
        values: (0..<20 * shape.count).map { Float($0 % 7) / 7 })
      var detector = Autoencoder(.cnn)
      detector.training.epochs = 1
      let model = try detector.fit(
        samples, in: RunContext(imageShape: shape))
      #expect(BatchMemory.shared.keptBytes == 0)
      _ = try model.scores(for: samples)
      #expect(BatchMemory.shared.keptBytes == 0)
    }
  }

  @Test("memory is kept, within the limit, until its last user is done")
  func memoryLimit() async {
    await #expect(processExitsWith: .success) {
      let memory = BatchMemory.shared
      func use(_ numbers: Int) { _ = Batch<Float>(rows: 1, columns: numbers) }
      use(84)
      #expect(memory.keptBytes == 0)
      memory.reusing(limit: 1000) {
        use(84)
        #expect(memory.keptBytes == 400)
        memory.reusing {
          use(184)
          use(84)
          use(134)
        }
        #expect(memory.keptBytes == 1000)
      }
      #expect(memory.keptBytes == 0)
    }
  }

  @Test("of two activations that follow each other both are computed")
  func activations() throws {
    var stack = LayerStack(input: ImageShape(height: 4, width: 4, channels: 1))
    try stack.convolution(2, kernel: 3, stride: 1, padding: 1)
    stack.activation(.tanh)
    stack.activation(.sigmoid)
    stack.activation(.sigmoid)
    let network = Network<Float>(stack, seed: 1, stream: 0)
    let outputs = network(Batch((0..<16).map { Float($0) - 8 }, rows: 1)).array
    #expect(outputs.count == 32)
    #expect(outputs.allSatisfy { $0 > 0.5 && $0 < 0.75 })
  }
}
