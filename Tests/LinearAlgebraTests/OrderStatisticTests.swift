import Execution
import LinearAlgebra
import Testing

@Test("What is found without sorting is what sorting finds")
func orderStatistic() {
  var generator = SeededGenerator(seed: 3)
  for count in [1, 2, 3, 10, 257] {
    for distinct in [1, 3, 1000] {
      let values = (0..<count).map { _ in
        Float(generator.integer(below: distinct))
      }
      let sorted = values.sorted()
      for place in 0..<count {
        var found = values
        #expect(found.orderStatistic(place) == sorted[place])
        #expect(found[..<place].allSatisfy { $0 <= sorted[place] })
        #expect(found[place...].allSatisfy { $0 >= sorted[place] })
        #expect(found.sorted() == sorted)
      }
    }
  }
}
