/** The GPU, as Triton shows it, with DCGM's exporter where Triton does not. */
import type { PanelSpec } from "./panels.ts";

const NO_GPU = "no data: no GPU metrics are scraped (Triton's nv_gpu_*, or the DCGM exporter)";
const STAND_IN = "From the emulator it is a stand-in, labelled so: gpu_uuid is GPU-emulated.";

export const GPU_PANELS: readonly PanelSpec[] = [
  {
    kind: "lines",
    title: "GPU utilisation",
    help: `Share of time that the GPU was busy. Near 1 with a growing queue: the card is full. ${STAND_IN}`,
    unit: "percentunit",
    without: NO_GPU,
    queries: [
      {
        expr: 'max by (instance, gpu_uuid) (nv_gpu_utilization{job=~"$server"})',
        legend: "{{gpu_uuid}} {{instance}}",
      },
      {
        expr: "max by (Hostname, gpu) (DCGM_FI_DEV_GPU_UTIL) / 100",
        legend: "DCGM {{Hostname}} {{gpu}}",
      },
    ],
  },
  {
    kind: "lines",
    title: "GPU memory",
    help: `Used, and what there is. ${STAND_IN}`,
    unit: "bytes",
    without: NO_GPU,
    queries: [
      { expr: 'max by (gpu_uuid) (nv_gpu_memory_used_bytes{job=~"$server"})', legend: "used {{gpu_uuid}}" },
      { expr: 'max by (gpu_uuid) (nv_gpu_memory_total_bytes{job=~"$server"})', legend: "total {{gpu_uuid}}" },
      {
        expr: "max by (Hostname, gpu) (DCGM_FI_DEV_FB_USED) * 1048576",
        legend: "DCGM used {{Hostname}} {{gpu}}",
      },
    ],
  },
  {
    kind: "lines",
    title: "GPU power",
    help: "Drawn, against the card's limit. At the limit the clock falls and latencies rise. The emulator has no power.",
    unit: "watt",
    without: NO_GPU,
    queries: [
      { expr: 'max by (gpu_uuid) (nv_gpu_power_usage{job=~"$server"})', legend: "{{gpu_uuid}}" },
      { expr: 'max by (gpu_uuid) (nv_gpu_power_limit{job=~"$server"})', legend: "limit {{gpu_uuid}}" },
      { expr: "max by (Hostname, gpu) (DCGM_FI_DEV_POWER_USAGE)", legend: "DCGM {{Hostname}} {{gpu}}" },
    ],
  },
];
