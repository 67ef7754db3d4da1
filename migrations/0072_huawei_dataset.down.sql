DELETE FROM etl.dataset WHERE dataset IN ('sending_details', 'details_refused', 'details_failed');
