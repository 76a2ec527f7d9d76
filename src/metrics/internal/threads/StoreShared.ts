/**
 * Where the store of a worker thread keeps the numbers of its series: in memory
 * that the main thread reads.
 *
 * @internal
 */
import { strideOf } from "../store/MetricStorage.ts"
import type { Backend } from "../StoreMemory.ts"
import { type MetricPort, SlabWriter } from "./SharedSlab.ts"
import { SharedStorage } from "./SharedStorage.ts"

export const backend = (port: MetricPort): Backend => {
  const slab = new SlabWriter(port)
  return {
    // Added to what others have counted, a count that goes would look like one that falls.
    expires: false,
    isShared: true,
    storage: (declaration) => {
      const stride = strideOf(declaration)
      const place = slab.addFamily(declaration, stride)
      return place === undefined ? undefined : new SharedStorage(slab, stride, place)
    }
  }
}
