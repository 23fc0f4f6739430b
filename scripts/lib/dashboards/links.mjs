/** From a series to the dashboard of what it names: `client`, `queue` or `host`. */
export function toDashboard(label) {
  const kept = '${datasource:queryparam}&${namespace:queryparam}&${job:queryparam}&${__url_time_range}';
  return {
    title: `This ${label}`,
    url: `/d/task-runner-${label}?var-${label}=\${__field.labels.${label}:percentencode}&${kept}`,
  };
}
